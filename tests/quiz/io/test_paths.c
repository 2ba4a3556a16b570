#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quiz/core/error.h"
#include "quiz/io/paths.h"
#include "tests/support/tempdir.h"

#include <cmocka.h>

static void
a_profile_holds_every_own_file(void **state)
{
    (void)state;
    struct paths paths = {0};
    struct error err;
    // The test program lies deeper than build/MODE, so the data cannot be
    // found from here: the message must say what to do.
    assert_int_equal(paths_find(&paths, "/nowhere", &err), -1);
    assert_int_equal(err.status, EXIT_STATUS_MACHINE);
    assert_non_null(strstr(err.message, "install"));
    paths_release(&paths);
}

static void
folders_are_made_with_their_parents(void **state)
{
    char *folder = paths_join(*state, "a/b/c");
    struct error err;
    assert_int_equal(paths_make_folder(folder, &err), 0);
    assert_int_equal(paths_make_folder(folder, &err), 0);
    struct stat status;
    assert_int_equal(stat(folder, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    free(folder);
}

static void
a_file_in_the_way_of_a_folder_is_reported(void **state)
{
    char *file = tempdir_write(*state, "file", "x");
    char *folder = paths_join(file, "below");
    struct error err;
    assert_int_equal(paths_make_folder(file, &err), -1);
    assert_int_equal(paths_make_folder(folder, &err), -1);
    assert_non_null(strstr(err.message, "file"));
    free(folder);
    free(file);
}

static void
what_was_written_is_read_back(void **state)
{
    char *path = paths_join(*state, "notes");
    struct error err;
    assert_int_equal(paths_write_file(path, "a\0b", 3, &err), 0);
    assert_int_equal(paths_write_file(path, "c\0d", 3, &err), 0);
    char *bytes = NULL;
    size_t length = 0;
    assert_int_equal(paths_read_file(path, 10, &bytes, &length, &err), 0);
    assert_int_equal((int)length, 3);
    assert_memory_equal(bytes, "c\0d", 4);
    free(bytes);
    free(path);
}

static void
a_file_over_the_limit_is_refused(void **state)
{
    char *path = tempdir_write(*state, "long", "0123456789");
    char *bytes = NULL;
    size_t length = 0;
    struct error err;
    assert_int_equal(paths_read_file(path, 9, &bytes, &length, &err), -1);
    assert_null(bytes);
    assert_int_equal(paths_read_file(path, 10, &bytes, &length, &err), 0);
    free(bytes);
    free(path);
}

static void
a_write_that_fails_leaves_the_old_file(void **state)
{
    char *path = paths_join(*state, "no/such/folder/file");
    struct error err;
    assert_int_equal(paths_write_file(path, "x", 1, &err), -1);
    assert_non_null(strstr(err.message, path));
    free(path);
}

static int
make_folder(void **state)
{
    *state = tempdir_make();
    return 0;
}

static int
remove_folder(void **state)
{
    tempdir_remove(*state);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_profile_holds_every_own_file),
        cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(a_file_in_the_way_of_a_folder_is_reported),
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(a_file_over_the_limit_is_refused),
        cmocka_unit_test(a_write_that_fails_leaves_the_old_file),
    };
    return cmocka_run_group_tests(cases, make_folder, remove_folder);
}
