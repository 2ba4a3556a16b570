#include "labs/testing.h"
#include "quiz/core/rating.h"

static void
scores_fall_into_three_grades(void **state)
{
    (void)state;
    assert_number(rating_from_score(0, 1000, 30), RATING_AGAIN);
    assert_number(rating_from_score(0.499, 1000, 30), RATING_AGAIN);
    assert_number(rating_from_score(0.5, 1000, 30), RATING_HARD);
    assert_number(rating_from_score(0.849, 1000, 30), RATING_HARD);
    assert_number(rating_from_score(0.85, 1000, 30), RATING_GOOD);
    assert_number(rating_from_score(1, 1000, 30), RATING_GOOD);
}

static void
a_right_answer_that_took_too_long_is_hard(void **state)
{
    (void)state;
    assert_number(rating_from_score(1, 90000, 30), RATING_GOOD);
    assert_number(rating_from_score(1, 90001, 30), RATING_HARD);
    assert_number(rating_from_score(0.2, 900000, 30), RATING_AGAIN);
}

static void
grades_have_names(void **state)
{
    (void)state;
    assert_text(rating_name(RATING_AGAIN), "again");
    assert_text(rating_name(RATING_HARD), "hard");
    assert_text(rating_name(RATING_GOOD), "good");
    assert_text(rating_name(RATING_EASY), "easy");
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(scores_fall_into_three_grades),
        cmocka_unit_test(a_right_answer_that_took_too_long_is_hard),
        cmocka_unit_test(grades_have_names),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
