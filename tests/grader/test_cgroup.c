/* A group of cgroup v2: made, joined, killed and removed, where this machine
 * lets us; and nothing at all where it does not. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grader/cgroup.h"
#include "labs/testing.h"

static const struct cgroup_limits LIMITS = {
    .memory_bytes = 32 << 20, .processes = 8, .processors = 1};

/* Comes first: later the folder has been looked through. */
static void
what_the_killed_have_left_is_taken_away(void **state)
{
    struct cgroup group = {0};
    int paths[2];
    char left[sizeof(group.path)] = "";
    (void)state;
    assert_number(pipe(paths), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool made = cgroup_make(&group, &LIMITS, false) == 0;
        bool told = made && write(paths[1], group.path, sizeof(group.path)) ==
                                (ssize_t)sizeof(group.path);
        raise(told ? SIGKILL : SIGTERM);
    }
    close(paths[1]);
    ssize_t got = read(paths[0], left, sizeof(left));
    close(paths[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    if (got == 0) {
        skip(); // no group can be made here
    }
    assert_number(access(left, F_OK), 0);
    assert_number(cgroup_make(&group, &LIMITS, false), 0);
    assert_number(access(left, F_OK), -1);
    assert_number(access(group.path, F_OK), 0);
    cgroup_remove(&group);
}

static pid_t
start_waiting(void)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        for (;;) {
            pause();
        }
    }
    return child;
}

static void
a_group_is_killed_as_a_whole_and_removed(void **state)
{
    struct cgroup group;
    int status = 0;
    (void)state;
    if (cgroup_make(&group, &LIMITS, false) != 0) {
        assert_text(group.path, "");
        skip();
    }
    assert_number(access(group.path, F_OK), 0);
    pid_t first = start_waiting();
    pid_t second = start_waiting();
    if (cgroup_add(&group, first) != 0 || cgroup_add(&group, second) != 0) {
        kill(first, SIGKILL);
        kill(second, SIGKILL);
    }
    else {
        cgroup_kill(&group);
    }
    assert_int_equal(waitpid(first, &status, 0), first);
    assert_number(WTERMSIG(status), SIGKILL);
    assert_int_equal(waitpid(second, &status, 0), second);
    assert_number(WTERMSIG(status), SIGKILL);
    assert_false(cgroup_was_over_memory(&group));
    char path[sizeof(group.path)];
    snprintf(path, sizeof(path), "%s", group.path);
    cgroup_remove(&group);
    assert_number(access(path, F_OK), -1);
    assert_text(group.path, "");
}

/* Whether so much memory was to be had. */
static bool
use_memory(size_t size)
{
    volatile char *bytes = malloc(size);
    for (size_t i = 0; bytes != NULL && i < size; i += 4096) {
        bytes[i] = 1;
    }
    bool used = bytes != NULL;
    free((void *)(uintptr_t)bytes);
    return used;
}

static void
the_memory_of_a_group_is_limited(void **state)
{
    struct cgroup group;
    int status = 0;
    (void)state;
    if (cgroup_make(&group, &LIMITS, true) != 0) {
        skip(); // no controller has been handed to us
    }
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool used = cgroup_add(&group, getpid()) == 0 && use_memory(64 << 20);
        _exit(!used);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_number(WTERMSIG(status), SIGKILL);
    assert_true(cgroup_was_over_memory(&group));
    cgroup_remove(&group);
}

static void
no_group_is_no_trouble(void **state)
{
    struct cgroup group = {0};
    (void)state;
    cgroup_kill(&group);
    assert_false(cgroup_was_over_memory(&group));
    cgroup_remove(&group);
    assert_text(group.path, "");
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(what_the_killed_have_left_is_taken_away),
        cmocka_unit_test(a_group_is_killed_as_a_whole_and_removed),
        cmocka_unit_test(the_memory_of_a_group_is_limited),
        cmocka_unit_test(no_group_is_no_trouble),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
