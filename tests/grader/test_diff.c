#include <stdio.h>

#include "grader/diff.h"
#include "labs/testing.h"

/* The diff of two lists of numbers, which both are "n: NUMBER". */
static void
expect_diff(const int *ours, size_t our_count, const int *theirs,
            size_t their_count, const char *expected)
{
    struct buffer streams[2] = {{0}, {0}};
    struct observations lists[2];
    struct buffer lines = {0};
    const int *numbers[] = {ours, theirs};
    const size_t counts[] = {our_count, their_count};
    size_t at = 0;
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < counts[side]; i++) {
            buffer_format(&streams[side], "int\tn\t%d\n", numbers[side][i]);
        }
        assert_number(observe_read(&lists[side], buffer_string(&streams[side]),
                                   streams[side].length),
                      0);
    }
    while (at < our_count && at < their_count && ours[at] == theirs[at]) {
        at++;
    }
    diff_show(&lines, &lists[0], &lists[1], at);
    assert_text(buffer_string(&lines), expected);
    for (int side = 0; side < 2; side++) {
        observe_release(&lists[side]);
        buffer_release(&streams[side]);
    }
    buffer_release(&lines);
}

static void
another_value_is_one_line_of_each(void **state)
{
    (void)state;
    expect_diff((int[]){1, 2, 3}, 3, (int[]){1, 7, 3}, 3,
                "  1  n: 1\n- 2  n: 2\n+ 2  n: 7\n  3  n: 3\n");
}

static void
what_is_missing_is_missing_and_not_all_that_follows(void **state)
{
    (void)state;
    expect_diff((int[]){1, 2, 3, 4, 5}, 5, (int[]){1, 3, 4, 5}, 4,
                "  1  n: 1\n- 2  n: 2\n  3  n: 3\n  4  n: 4\n");
}

static void
what_is_too_many_is_too_many(void **state)
{
    (void)state;
    expect_diff((int[]){1, 2}, 2, (int[]){1, 1, 2}, 3,
                "  1  n: 1\n+ 2  n: 1\n  2  n: 2\n");
}

static void
a_long_list_is_shown_round_the_difference(void **state)
{
    int ours[400];
    int theirs[400];
    (void)state;
    for (int i = 0; i < 400; i++) {
        ours[i] = theirs[i] = i;
    }
    theirs[200] = -1;
    expect_diff(ours, 400, theirs, 400,
                "  198  n: 197\n  199  n: 198\n  200  n: 199\n"
                "- 201  n: 200\n+ 201  n: -1\n"
                "  202  n: 201\n  203  n: 202\n");
}

static void
an_early_end_shows_what_was_to_come(void **state)
{
    (void)state;
    expect_diff((int[]){1, 2, 3}, 3, (int[]){1}, 1,
                "  1  n: 1\n- 2  n: 2\n- 3  n: 3\n");
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(another_value_is_one_line_of_each),
        cmocka_unit_test(what_is_missing_is_missing_and_not_all_that_follows),
        cmocka_unit_test(what_is_too_many_is_too_many),
        cmocka_unit_test(a_long_list_is_shown_round_the_difference),
        cmocka_unit_test(an_early_end_shows_what_was_to_come),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
