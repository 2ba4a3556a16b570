#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/connection.h"
#include "labs/runtime/error.h"
#include "labs/runtime/process.h"
#include "labs/runtime/resource_tracker.h"
#include "labs/runtime/safe_point.h"
#include "labs/runtime/shared_memory.h"
#include "labs/runtime/thread_state.h"
#include "labs/runtime/view.h"
#include "labs/testing.h"
#include "tests/support/brood.h"

enum {
    SIZE = 1000,
    ITEMS = SIZE / 8
};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum {
    DEATHS = 20
};
#else
enum {
    DEATHS = 100
};
#endif

static char name[64];
static size_t blocks_before;
static int files_before, ours_before;

/* How many objects in /dev/shm have our name. */
static int
our_objects(void)
{
    int count = 0;
    DIR *all = opendir("/dev/shm");
    assert_non_null(all);
    for (struct dirent *one = readdir(all); one != NULL; one = readdir(all)) {
        count += strncmp(one->d_name, name, strlen(name)) == 0 ? 1 : 0;
    }
    closedir(all);
    return count;
}

static int
start(void **state)
{
    (void)state;
    rt_error_clear();
    rt_thread_attach();
    snprintf(name, sizeof(name), "ouro_test_%d", (int)getpid());
    blocks_before = rt_alloc_live_blocks();
    files_before = brood_open_files();
    ours_before = our_objects();
    assert_number(ours_before, 0);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_resource_tracker_stop();
    assert_number(our_objects(), 0);
    assert_number(brood_open_files(), files_before);
    assert_number(rt_alloc_live_blocks(), blocks_before);
    assert_number(rt_process_active_count(), 0);
    assert_number(waitpid(-1, NULL, WNOHANG), -1);
    assert_number(errno, ECHILD);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    return 0;
}

static void
expect_error(enum rt_error error, const char *part)
{
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_contains(rt_error_text(), part);
    rt_error_clear();
}

static struct rt_object *
numbers_of(struct rt_object *memory)
{
    struct rt_object *bytes = rt_view_new(memory);
    struct rt_object *part = rt_view_slice(bytes, 0, 8 * ITEMS, 1);
    struct rt_object *numbers = rt_view_cast(part, 'q', NULL, 0);
    rt_decref(part);
    rt_decref(bytes);
    return numbers;
}

static int64_t
number_at(struct rt_object *numbers, int64_t index)
{
    int64_t value = -1;
    (void)rt_view_get(numbers, &index, 1, &value);
    return value;
}

/* Adds one to each number of the memory of this name. */
static int
add_one(void *data)
{
    (void)data;
    struct rt_object *memory = rt_shared_memory_attach(name);
    if (memory == NULL) {
        return -1;
    }
    struct rt_object *numbers = numbers_of(memory);
    for (int64_t i = 0; i < ITEMS; i++) {
        (void)rt_view_set(numbers, &i, 1, number_at(numbers, i) + 1);
    }
    rt_decref(numbers);
    rt_decref(memory);
    return 0;
}

static void
who_knows_the_name_sees_the_same_bytes(void **state)
{
    (void)state;
    struct brood brood;
    struct rt_object *memory = rt_shared_memory_create(name, SIZE);
    assert_non_null(memory);
    assert_text(rt_shared_memory_name(memory), name);
    assert_number(rt_shared_memory_size(memory), SIZE);
    struct rt_object *numbers = numbers_of(memory);
    for (int64_t i = 0; i < ITEMS; i++) {
        assert_number(number_at(numbers, i), 0);
        assert_number(rt_view_set(numbers, &i, 1, 1000 * i), 0);
    }
    for (int i = 0; i < 3; i++) { // one after the other
        brood_start(&brood, 1, add_one, NULL);
        brood_finish(&brood, 0);
    }
    for (int64_t i = 0; i < ITEMS; i++) {
        assert_number(number_at(numbers, i), 1000 * i + 3);
    }
    rt_decref(numbers);
    assert_number(rt_shared_memory_unlink(memory), 0);
    assert_number(rt_shared_memory_close(memory), 0);
    rt_decref(memory);
}

static void
a_name_is_found_if_none_is_given(void **state)
{
    (void)state;
    struct rt_object *one = rt_shared_memory_create(NULL, 1);
    struct rt_object *two = rt_shared_memory_create(NULL, 1);
    assert_contains(rt_shared_memory_name(one), "psm_");
    assert_true(
        strcmp(rt_shared_memory_name(one), rt_shared_memory_name(two)) != 0);
    assert_number(rt_shared_memory_unlink(one), 0);
    assert_number(rt_shared_memory_unlink(two), 0);
    rt_decref(one);
    rt_decref(two);
}

static void
what_cannot_be_is_refused(void **state)
{
    (void)state;
    char much[RT_SHARED_MEMORY_NAME_BYTES + 2];
    memset(much, 'x', sizeof(much) - 1);
    much[sizeof(much) - 1] = '\0';
    assert_null(rt_shared_memory_create(name, 0));
    expect_error(RT_ERROR_VALUE, "'size' must be a positive number");
    assert_null(rt_shared_memory_create(much, 1));
    expect_error(RT_ERROR_VALUE, "name too long");
    assert_null(rt_shared_memory_attach(name));
    expect_error(RT_ERROR_OS, "[Errno 2] No such file or directory: '/ouro_");
    struct rt_object *memory = rt_shared_memory_create(name, 1);
    assert_null(rt_shared_memory_create(name, 1));
    expect_error(RT_ERROR_OS, "[Errno 17] File exists: '/ouro_");
    assert_number(rt_shared_memory_unlink(memory), 0);
    assert_number(rt_shared_memory_unlink(memory), -1);
    expect_error(RT_ERROR_OS, "[Errno 2] No such file or directory");
    rt_decref(memory);
}

static void
what_somebody_looks_at_cannot_be_closed(void **state)
{
    (void)state;
    struct rt_object *memory = rt_shared_memory_create(name, SIZE);
    struct rt_object *view = rt_view_new(memory);
    assert_number(rt_shared_memory_close(memory), -1);
    expect_error(RT_ERROR_BUFFER, "cannot close exported pointers exist");
    rt_decref(view);
    assert_number(rt_shared_memory_close(memory), 0);
    assert_number(rt_shared_memory_close(memory), 0);
    assert_null(rt_view_new(memory));
    expect_error(RT_ERROR_VALUE, "shared memory is closed");
    assert_number(rt_shared_memory_unlink(memory), 0);
    rt_decref(memory);
}

// --- the tracker -----------------------------------------------------------

struct crime {
    int file; // becomes stderr
    int spins;
};

/* Creates one after the other, takes every third away, until it is killed. */
static int
create_for_ever(void *data)
{
    const struct crime *crime = data;
    dup2(crime->file, STDERR_FILENO);
    close(crime->file);
    for (int i = 0;; i++) {
        char own[96];
        snprintf(own, sizeof(own), "%s_%d", name, i);
        struct rt_object *memory = rt_shared_memory_create(own, SIZE);
        if (memory == NULL ||
            (i % 3 == 0 && rt_shared_memory_unlink(memory)) ||
            (i == 5 && write(STDERR_FILENO, "ready\n", 6) != 6)) {
            return -1;
        }
        rt_decref(memory);
    }
}

/* All that it says; the tracker says the last word, so this is over when the
 * tracker is. */
static void
read_to_the_end(int file, char *said, size_t room)
{
    size_t size = 0;
    ssize_t got;
    while ((got = read(file, said + size, room - 1 - size)) > 0) {
        size += (size_t)got;
    }
    said[size] = '\0';
}

static void
of_a_killed_creator_nothing_is_left(void **state)
{
    (void)state;
    unsigned seed = 20261121;
    for (int round = 0; round < DEATHS; round++) {
        struct brood brood;
        char said[4096];
        int ends[2];
        assert_number(pipe2(ends, O_CLOEXEC), 0);
        struct crime crime = {.file = ends[1]};
        brood_start(&brood, 1, create_for_ever, &crime);
        close(ends[1]);
        assert_number(read(ends[0], said, 6), 6);
        for (long spin = rand_r(&seed) % 50000; spin > 0; spin--) {
            (void)rt_safe_point();
        }
        brood_kill(&brood, 0);
        read_to_the_end(ends[0], said, sizeof(said));
        assert_contains(said, "leaked shared_memory objects to clean up");
        assert_number(our_objects(), 0);
        close(ends[0]);
    }
}

/* What was taken away is not told of. */
static int
create_and_unlink(void *data)
{
    const struct crime *crime = data;
    dup2(crime->file, STDERR_FILENO);
    close(crime->file);
    struct rt_object *memory = rt_shared_memory_create(name, SIZE);
    int result = memory == NULL ? -1 : rt_shared_memory_unlink(memory);
    rt_xdecref(memory);
    return result;
}

static void
of_a_tidy_one_nothing_is_said(void **state)
{
    (void)state;
    struct brood brood;
    char said[4096];
    int ends[2];
    assert_number(pipe2(ends, O_CLOEXEC), 0);
    struct crime crime = {.file = ends[1]};
    brood_start(&brood, 1, create_and_unlink, &crime);
    close(ends[1]);
    read_to_the_end(ends[0], said, sizeof(said));
    assert_text(said, "");
    brood_finish(&brood, 0);
    close(ends[0]);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(who_knows_the_name_sees_the_same_bytes),
        CASE(a_name_is_found_if_none_is_given),
        CASE(what_cannot_be_is_refused),
        CASE(what_somebody_looks_at_cannot_be_closed),
        CASE(of_a_killed_creator_nothing_is_left),
        CASE(of_a_tidy_one_nothing_is_said),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
