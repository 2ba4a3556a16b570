/* What landlock leaves to a process, each time in one of its own. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grader/landlock.h"
#include "labs/testing.h"
#include "tests/support/tempdir.h"

static bool
can_open(const char *path, int how)
{
    int file = open(path, how | O_CLOEXEC, 0600);
    if (file >= 0) {
        close(file);
    }
    return file >= 0;
}

/* Holds itself to folder/shown, for reading, and folder/own, for writing, but
 * for folder/shown/hidden. Exit status 0 if all is as it should be. */
static int
try_it(const char *folder)
{
    char hidden[300];
    char shown[256];
    snprintf(shown, sizeof(shown), "%s/shown", folder);
    snprintf(hidden, sizeof(hidden), "%s/hidden", shown);
    const char *const hide[] = {hidden, NULL};
    int rules = landlock_begin();
    if (chdir(folder) != 0) {
        return 1;
    }
    int own = open("own", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (rules < 0 || landlock_allow(rules, own, LANDLOCK_WRITE) != 0 ||
        landlock_allow_around(rules, shown, hide) != 0 ||
        landlock_allow_around(rules, "/nowhere/at/all", NULL) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        landlock_enter(rules) != 0) {
        return 2;
    }
    return can_open("own/new", O_WRONLY | O_CREAT) &&
                   can_open("shown/part/file", O_RDONLY) &&
                   !can_open("shown/part/file", O_WRONLY) &&
                   !can_open("shown/part/new", O_WRONLY | O_CREAT) &&
                   !can_open("shown/hidden/file", O_RDONLY) &&
                   !can_open("other/file", O_RDONLY) &&
                   !can_open("/etc/passwd", O_RDONLY) &&
                   mkdir("own/folder", 0700) != 0
               ? 0
               : 3;
}

static void
a_process_reaches_what_it_was_left(void **state)
{
    static const char *const FILES[] = {"shown/part/file", "shown/hidden/file",
                                        "own/file", "other/file"};
    int status = 0;
    (void)state;
    if (!landlock_works()) {
        skip();
    }
    char *folder = tempdir_make();
    for (size_t i = 0; i < 4; i++) {
        free(tempdir_write(folder, FILES[i], "text"));
    }
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(try_it(folder));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_number(status, 0);
    tempdir_remove(folder);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_process_reaches_what_it_was_left),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
