#include "labs/testing.h"
#include "quiz/core/tally.h"

static const struct day_tally DAYS[] = {
    {10, {.answers = 1}}, {11, {.answers = 2}}, {12, {.answers = 1}},
    {13, {.answers = 0}}, {20, {.answers = 5}}, {21, {.answers = 5}}};

static void
a_streak_lasts_until_a_day_was_missed(void **state)
{
    (void)state;
    int longest = 0;
    assert_number(tally_streak(DAYS, 6, 21, &longest), 2);
    assert_number(longest, 3);
    assert_number(tally_streak(DAYS, 6, 22, NULL), 2);
    assert_number(tally_streak(DAYS, 6, 23, NULL), 0);
    assert_number(tally_streak(DAYS, 3, 12, NULL), 3);
    assert_number(tally_streak(DAYS, 4, 14, NULL), 0);
}

static void
without_days_there_is_no_streak(void **state)
{
    (void)state;
    int longest = 9;
    assert_number(tally_streak(NULL, 0, 21, &longest), 0);
    assert_number(longest, 0);
}

static void
tallies_are_added_and_taken_away(void **state)
{
    (void)state;
    struct tally total = {0};
    const struct tally part = {1, 2, 3, 4, 5};
    tally_add(&total, &part, 1);
    tally_add(&total, &part, 1);
    assert_number(total.answers, 2);
    assert_number(total.recall_known, 10);
    tally_add(&total, &part, -1);
    assert_memory_equal(&total, &part, sizeof(part));
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_streak_lasts_until_a_day_was_missed),
        cmocka_unit_test(without_days_there_is_no_streak),
        cmocka_unit_test(tallies_are_added_and_taken_away),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
