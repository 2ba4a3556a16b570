#include "labs/testing.h"
#include "quiz/core/lab.h"

static const struct lab_case CASES[] = {
    {.name = "one", .points = 2},
    {.name = "two", .points = 5},
};
static const struct lab_hint HINTS[] = {{.cost = 1}, {.cost = 3}};
static const struct lab LAB = {
    .id = "05_smallint_intern",
    .replaces = "integer.c",
    .cases = CASES,
    .case_count = 2,
    .hints = HINTS,
    .hint_count = 2,
};

static void
a_lab_answers_to_its_id_its_number_and_its_word(void **state)
{
    (void)state;
    assert_true(lab_is_called(&LAB, "05_smallint_intern"));
    assert_true(lab_is_called(&LAB, "05-smallint-intern"));
    assert_true(lab_is_called(&LAB, "smallint_intern"));
    assert_true(lab_is_called(&LAB, "05"));
    assert_true(lab_is_called(&LAB, "5"));
    assert_true(lab_is_called(&LAB, "005"));
}

static void
a_lab_does_not_answer_to_other_names(void **state)
{
    (void)state;
    assert_false(lab_is_called(&LAB, ""));
    assert_false(lab_is_called(&LAB, "0"));
    assert_false(lab_is_called(&LAB, "50"));
    assert_false(lab_is_called(&LAB, "05_"));
    assert_false(lab_is_called(&LAB, "smallint"));
    assert_false(lab_is_called(&LAB, "05_smallint_intern_2"));
}

static void
points_add_up(void **state)
{
    (void)state;
    assert_number(lab_points(&LAB), 7);
}

static void
hints_cost_more_the_further_one_reads(void **state)
{
    (void)state;
    assert_number(lab_hints_cost(&LAB, 0), 0);
    assert_number(lab_hints_cost(&LAB, 1), 1);
    assert_number(lab_hints_cost(&LAB, 2), 4);
}

static void
the_solution_costs_everything(void **state)
{
    (void)state;
    assert_number(lab_hints_cost(&LAB, 3), 7);
}

static void
the_learner_writes_the_replaced_file(void **state)
{
    (void)state;
    assert_text(lab_file_name(&LAB), "integer.c");
    const struct lab fix = {.id = "02_ownership", .is_fix = true};
    assert_text(lab_file_name(&fix), "solution.c");
}

static void
a_case_is_found_by_its_name(void **state)
{
    (void)state;
    assert_ptr_equal(lab_find_case(&LAB, "two"), &CASES[1]);
    assert_null(lab_find_case(&LAB, "three"));
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_lab_answers_to_its_id_its_number_and_its_word),
        cmocka_unit_test(a_lab_does_not_answer_to_other_names),
        cmocka_unit_test(points_add_up),
        cmocka_unit_test(hints_cost_more_the_further_one_reads),
        cmocka_unit_test(the_solution_costs_everything),
        cmocka_unit_test(the_learner_writes_the_replaced_file),
        cmocka_unit_test(a_case_is_found_by_its_name),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
