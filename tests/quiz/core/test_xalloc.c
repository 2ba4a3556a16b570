/* What can fail ends the process, so those cases run in a child. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/testing.h"
#include "quiz/core/error.h"
#include "quiz/core/xalloc.h"

/* Address sanitizer would report a request that is too large by itself. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

// Unknown to the compiler, which warns of such sizes otherwise.
static volatile size_t huge = SIZE_MAX / 2;

static void
ask_for_one_block(void)
{
    free(xmalloc(huge));
}

static void
ask_for_zeroed_elements(void)
{
    free(xcalloc(huge, 3)); // the product does not fit size_t
}

static void
ask_for_a_larger_array(void)
{
    free(xreallocarray(NULL, huge, 3));
}

/* Runs the request in a child; keeps what it says on stderr. Returns its exit
 * status, -1 if it did not exit. */
static int
run(void (*request)(void), char *said, size_t room)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        request();
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t got = 1; got > 0 && length + 1 < room;) {
        got = read(ends[0], said + length, room - 1 - length);
        length += got > 0 ? (size_t)got : 0;
    }
    said[length] = '\0';
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
out_of_memory_ends_the_quiz_with_a_message(void **state)
{
    (void)state;
    static void (*const REQUESTS[])(void) = {
        ask_for_one_block, ask_for_zeroed_elements, ask_for_a_larger_array};
    for (size_t i = 0; i < sizeof(REQUESTS) / sizeof(*REQUESTS); i++) {
        char said[4096];
        assert_number(run(REQUESTS[i], said, sizeof(said)),
                      EXIT_STATUS_INTERNAL);
        assert_contains(said, "ouro: out of memory\n");
    }
}

static void
nothing_is_still_a_block(void **state)
{
    (void)state;
    free(xmalloc(0));
    free(xcalloc(0, 8));
    free(xcalloc(8, 0));
    void *array = xreallocarray(NULL, 0, 8);
    assert_non_null(array);
    array = xreallocarray(array, 0, 8);
    assert_non_null(array);
    free(array);
    array = xreallocarray(NULL, 8, 0);
    assert_non_null(array);
    array = xreallocarray(array, 8, 0);
    assert_non_null(array);
    free(array);
}

static void
elements_come_zeroed_and_stay_when_the_array_grows(void **state)
{
    (void)state;
    int *items = xcalloc(100, sizeof(*items));
    for (int i = 0; i < 100; i++) {
        assert_number(items[i], 0);
        items[i] = i;
    }
    items = xreallocarray(items, 10000, sizeof(*items));
    for (int i = 0; i < 100; i++) {
        assert_number(items[i], i);
    }
    free(items);
}

static void
copies_of_strings_are_terminated(void **state)
{
    (void)state;
    char *whole = xstrdup("abc");
    char *part = xstrndup("abc", 2);
    char *all = xstrndup("abc", 10);
    char *none = xstrndup("abc", 0);
    char *printed = xasprintf("%s-%d", "a", 5);
    assert_text(whole, "abc");
    assert_text(part, "ab");
    assert_text(all, "abc");
    assert_text(none, "");
    assert_text(printed, "a-5");
    free(whole);
    free(part);
    free(all);
    free(none);
    free(printed);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(out_of_memory_ends_the_quiz_with_a_message),
        cmocka_unit_test(nothing_is_still_a_block),
        cmocka_unit_test(elements_come_zeroed_and_stay_when_the_array_grows),
        cmocka_unit_test(copies_of_strings_are_terminated),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
