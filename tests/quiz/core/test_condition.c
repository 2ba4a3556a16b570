#include "labs/testing.h"
#include "quiz/core/condition.h"
#include "quiz/core/error.h"
#include "quiz/core/question.h"
#include "quiz/core/rubric.h"

static const struct key_point POINTS[] = {{.id = "k1"}, {.id = "k2"}};
static const struct misconception MISCONCEPTIONS[] = {{.id = "m1"},
                                                      {.id = "m2"}};
static const struct question QUESTION = {
    .kind = QUESTION_OPEN,
    .open = {.rubric = {.key_points = POINTS,
                        .key_point_count = 2,
                        .misconceptions = MISCONCEPTIONS,
                        .misconception_count = 2}}};

/* k1 was said, k2 contradicted, m2 held; level 2.5. */
static bool
holds(const char *condition)
{
    struct point_result points[] = {{.finding = FINDING_FOUND},
                                    {.finding = FINDING_CONTRADICTED}};
    struct misconception_result misconceptions[] = {{.held = false},
                                                    {.held = true}};
    struct assessment assessment = {.points = points,
                                    .misconceptions = misconceptions,
                                    .point_count = 2,
                                    .misconception_count = 2,
                                    .level = 2.5};
    struct error err;
    if (condition_check(condition, &QUESTION, &err) != 0) {
        fail_msg("'%s': %s", condition, err.message);
    }
    return condition_holds(condition, &QUESTION, &assessment);
}

static void
each_atom_says_what_it_says(void **state)
{
    (void)state;
    assert_true(holds("always"));
    assert_false(holds("missing k1"));
    assert_true(holds("missing k2")); // contradicted is not said
    assert_false(holds("found m1"));
    assert_true(holds("found m2"));
}

static void
a_level_is_compared(void **state)
{
    (void)state;
    assert_true(holds("level >= 2.5"));
    assert_true(holds("level >= 0"));
    assert_false(holds("level >= 3"));
    assert_true(holds("level < 3"));
    assert_false(holds("level < 2.5"));
}

static void
and_binds_tighter_than_or(void **state)
{
    (void)state;
    assert_true(holds("always or missing k1 and found m1"));
    assert_true(holds("missing k1 and found m1 or always"));
    assert_false(holds("missing k1 and always or found m1 and always"));
    assert_true(holds("missing k2 and found m2 and level < 3"));
    assert_true(holds("missing k1 or found m1 or found m2"));
}

static void
blanks_between_words_do_not_count(void **state)
{
    (void)state;
    assert_true(holds("  missing\tk2\n and   found m2 "));
}

static void
what_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    static const char *const WRONG[] = {"",
                                        "and",
                                        "always and",
                                        "always or",
                                        "or always",
                                        "always always",
                                        "missing",
                                        "missing k1 k2",
                                        "missing k1 & found m1",
                                        "Always",
                                        "level",
                                        "level 3",
                                        "level > 3",
                                        "level >= ",
                                        "level >= high",
                                        "level >= 4.5",
                                        "level < -1",
                                        "level < 3x",
                                        "level >= nan",
                                        "level < inf"};
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(*WRONG); i++) {
        struct error err = {0};
        if (condition_check(WRONG[i], &QUESTION, &err) != -1) {
            fail_msg("'%s' was read", WRONG[i]);
        }
        assert_number(err.status, EXIT_STATUS_CONTENT);
        assert_true(err.message[0] != '\0');
    }
}

static void
unknown_ids_are_named(void **state)
{
    (void)state;
    struct error err;
    assert_number(condition_check("missing k9", &QUESTION, &err), -1);
    assert_contains(err.message, "'k9'");
    assert_number(condition_check("always or found k1", &QUESTION, &err), -1);
    assert_contains(err.message, "'k1'");
    assert_number(condition_check("always and missing m1", &QUESTION, &err),
                  -1);
    assert_contains(err.message, "'m1'");
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(each_atom_says_what_it_says),
        cmocka_unit_test(a_level_is_compared),
        cmocka_unit_test(and_binds_tighter_than_or),
        cmocka_unit_test(blanks_between_words_do_not_count),
        cmocka_unit_test(what_cannot_be_read_is_an_error),
        cmocka_unit_test(unknown_ids_are_named),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
