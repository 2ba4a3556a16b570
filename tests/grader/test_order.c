#include "grader/order.h"
#include "labs/testing.h"

static char a[] = "a";
static char b[] = "b";
static char c[] = "c";
static char d[] = "d";
static char nothing[] = " ";
static char first[] = " a ";
static char second[] = " b ";

static struct manifest
some_manifest(void)
{
    return (struct manifest){.cases = {{.name = a, .needs = nothing},
                                       {.name = b, .needs = first},
                                       {.name = c, .needs = nothing},
                                       {.name = d, .needs = second}},
                             .case_count = 4};
}

static struct run_order
all_four(void)
{
    struct run_order order = {0};
    for (size_t i = 0; i < 4; i++) {
        order_add(&order, i, 100 + (int64_t)i);
    }
    return order;
}

static void
assert_order(const struct run_order *order, const size_t *expected)
{
    for (size_t i = 0; i < 4; i++) {
        assert_number((int)order->which[i], (int)expected[i]);
        assert_number((int)order->limit_ms[i], 100 + (int)expected[i]);
    }
}

static void
what_takes_long_comes_first(void **state)
{
    (void)state;
    static const int64_t TIMES[FRAME_CASES] = {1, 1, 900, 1};
    const struct manifest manifest = some_manifest();
    struct run_order order = all_four();
    order_sort(&order, &manifest, TIMES);
    assert_order(&order, (const size_t[]){2, 0, 1, 3});
}

static void
so_does_what_something_long_waits_for(void **state)
{
    (void)state;
    static const int64_t TIMES[FRAME_CASES] = {1, 1, 500, 900};
    const struct manifest manifest = some_manifest();
    struct run_order order = all_four();
    order_sort(&order, &manifest, TIMES);
    assert_order(&order, (const size_t[]){0, 1, 3, 2});
}

static void
without_times_nothing_comes_before_what_it_needs(void **state)
{
    (void)state;
    static const int64_t TIMES[FRAME_CASES] = {0};
    const struct manifest manifest = some_manifest();
    struct run_order order = all_four();
    order_sort(&order, &manifest, TIMES);
    assert_order(&order, (const size_t[]){0, 1, 2, 3});
}

static void
each_process_gets_about_as_much_to_do(void **state)
{
    (void)state;
    static const int64_t TIMES[FRAME_CASES] = {10, 30, 15, 6};
    struct run_order order = all_four();
    order_share_out(&order, 2, TIMES);
    assert_number(order.groups, 2);
    assert_number(order.lanes, 2);
    assert_true(order.group[1] != order.group[0]);
    assert_true(order.group[1] != order.group[2]);
    assert_true(order.group[0] == order.group[2]);
}

static void
there_are_no_more_processes_than_cases(void **state)
{
    (void)state;
    static const int64_t TIMES[FRAME_CASES] = {10};
    struct run_order order = {0};
    order_add(&order, 0, 100);
    order_share_out(&order, 2, TIMES);
    assert_number(order.groups, 1);
}

/* What a group of all four says, cut up. */
static int
cut(const char *stream, uint32_t flags, struct run_outcome *outcome)
{
    static const int64_t TIMES[FRAME_CASES] = {0};
    struct run_order order = all_four();
    order_share_out(&order, 1, TIMES);
    *outcome = (struct run_outcome){
        .groups = {{.seen = true,
                    .stream = stream,
                    .frame = {.flags = flags,
                              .stream_bytes = (uint32_t)strlen(stream)}}}};
    return order_cut(&order, outcome);
}

static void
each_case_gets_its_part_of_what_the_group_says(void **state)
{
    (void)state;
    static const char STREAM[] = "int\tx\t1\nend\tcases\t1\n"
                                 "end\tcases\t0\n"
                                 "string\tend\tcases\nend\t0123\t1\n"
                                 "end\tcases\t0\n";
    struct run_outcome outcome;
    assert_number(cut(STREAM, 0, &outcome), 0);
    assert_number((int)outcome.cases[0].frame.stream_bytes, 20);
    assert_ptr_equal(outcome.cases[1].stream, STREAM + 20);
    assert_number((int)outcome.cases[1].frame.stream_bytes, 12);
    assert_number((int)outcome.cases[2].frame.stream_bytes, 28);
    assert_true(outcome.cases[3].seen);
}

static void
a_group_that_is_not_whole_is_not_cut(void **state)
{
    (void)state;
    struct run_outcome outcome;
    assert_number(cut("", 0, &outcome), -1);
    assert_number(cut("end\tcases\t0\nend\tcases\t0\n", 0, &outcome), -1);
    assert_number(cut("end\tcases\t0\nend\tcases\t0\nend\tcases\t0\n"
                      "end\tcases\t0\nint\tx\t1\n",
                      0, &outcome),
                  -1);
    assert_number(cut("end\tcases\t0\nend\tcases\t0\nend\tcases\t0\n"
                      "end\tcases\t0",
                      0, &outcome),
                  -1);
    assert_number(cut("end\tcases\t0\nend\tcases\t0\nend\tcases\t0\n"
                      "end\tcases\t0\n",
                      FRAME_TIMED_OUT, &outcome),
                  -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_takes_long_comes_first),
        cmocka_unit_test(so_does_what_something_long_waits_for),
        cmocka_unit_test(without_times_nothing_comes_before_what_it_needs),
        cmocka_unit_test(each_process_gets_about_as_much_to_do),
        cmocka_unit_test(there_are_no_more_processes_than_cases),
        cmocka_unit_test(each_case_gets_its_part_of_what_the_group_says),
        cmocka_unit_test(a_group_that_is_not_whole_is_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
