#include <math.h>

#include "labs/testing.h"
#include "quiz/core/schedule.h"

static const int64_t MINUTE_MS = 60000;
static const int64_t START_MS = 1669725000000; // 2022-11-29 12:30 UTC

/* Reviews a new card exactly when it is due and notes the whole days of each
 * wait. */
static struct schedule_card
review_when_due(const struct schedule *schedule, const int *grades, int count,
                int *days)
{
    struct schedule_card card = {0};
    int64_t now_ms = START_MS;
    for (int i = 0; i < count; i++) {
        card =
            schedule_review(schedule, card, now_ms, (enum rating)grades[i], 7);
        days[i] = (int)((card.due_ms - now_ms) / SCHEDULE_DAY_MS);
        now_ms = card.due_ms;
    }
    return card;
}

static void
thirteen_reviews_when_due_wait_as_published(void **state)
{
    (void)state;
    static const int GRADES[] = {3, 3, 3, 3, 3, 3, 1, 1, 3, 3, 3, 3, 3};
    static const int EXPECTED[] = {0, 2, 11, 46, 163, 498, 0,
                                   0, 2, 4,  7,  12,  21};
    static const struct fsrs_state MEMORY[] = {
        {2.3065, 2.1181},  {2.3065, 2.1112},   {10.9710, 2.1043},
        {46.3169, 2.0975}, {162.9998, 2.0906}, {497.8766, 2.0837},
        {6.8904, 7.3832},  {2.1546, 9.1251},   {2.1546, 9.1112},
        {3.9831, 9.0973},  {7.2363, 9.0835},   {12.4830, 9.0696},
        {20.7704, 9.0558}};
    struct schedule schedule = schedule_default();
    int days[13];
    for (int i = 0; i < 13; i++) {
        struct schedule_card card =
            review_when_due(&schedule, GRADES, i + 1, days);
        assert_number(days[i], EXPECTED[i]);
        assert_true(fabs(card.memory.stability - MEMORY[i].stability) <
                    0.5001e-4);
        assert_true(fabs(card.memory.difficulty - MEMORY[i].difficulty) <
                    0.5001e-4);
        assert_number(card.reviews, i + 1);
        assert_number(card.lapses, i >= 6);
    }
}

static void
all_grades_in_long_term_mode_wait_as_published(void **state)
{
    (void)state;
    static const double WEIGHTS[19] = {0.4197, 1.1869, 3.0412, 15.2441, 7.1434,
                                       0.6477, 1.0007, 0.0674, 1.6597,  0.1712,
                                       1.1178, 2.0225, 0.0904, 0.3025,  2.1214,
                                       0.2498, 2.9466, 0.4891, 0.6468};
    static const int GRADES[] = {1, 2, 3, 4, 1, 2, 3, 4};
    static const int EXPECTED[] = {1, 2, 6, 41, 4, 7, 21, 133};
    struct schedule schedule = schedule_default();
    schedule.learning.count = schedule.relearning.count = 0;
    schedule.button_order = true;
    assert_number(fsrs_set_weights(&schedule.fsrs, WEIGHTS, 19, NULL), 0);
    schedule.fsrs.weights[17] = schedule.fsrs.weights[18] = 0;
    int days[8];
    struct schedule_card card = review_when_due(&schedule, GRADES, 8, days);
    for (int i = 0; i < 8; i++) {
        assert_number(days[i], EXPECTED[i]);
    }
    assert_true(fabs(card.memory.stability - 132.81849454) < 2e-4);
}

static void
a_new_card_is_due_in_minutes_or_in_eight_days(void **state)
{
    (void)state;
    struct schedule schedule = schedule_default();
    int64_t wait_ms[4];
    schedule_preview(&schedule, &(struct schedule_card){0}, START_MS, 0,
                     wait_ms);
    assert_number(wait_ms[0], MINUTE_MS);
    assert_number(wait_ms[1], 5 * MINUTE_MS + MINUTE_MS / 2);
    assert_number(wait_ms[2], 10 * MINUTE_MS);
    assert_number(wait_ms[3], 8 * (int64_t)SCHEDULE_DAY_MS);
}

static void
hard_on_an_only_step_waits_half_as_long_again(void **state)
{
    (void)state;
    struct schedule schedule = schedule_default();
    schedule.learning.count = 1;
    int64_t wait_ms[4];
    schedule_preview(&schedule, &(struct schedule_card){0}, START_MS, 0,
                     wait_ms);
    assert_number(wait_ms[1], MINUTE_MS + MINUTE_MS / 2);
    assert_number(wait_ms[2], 2 * (int64_t)SCHEDULE_DAY_MS);
}

static void
hard_stays_on_the_second_step_and_again_goes_back(void **state)
{
    (void)state;
    struct schedule schedule = schedule_default();
    struct schedule_card card = schedule_review(
        &schedule, (struct schedule_card){0}, START_MS, RATING_GOOD, 0);
    assert_number(card.step, 1);
    struct schedule_card hard =
        schedule_review(&schedule, card, START_MS, RATING_HARD, 0);
    assert_number(hard.phase, SCHEDULE_LEARNING);
    assert_number(hard.step, 1);
    assert_number(hard.due_ms - START_MS, 10 * MINUTE_MS);
    struct schedule_card again =
        schedule_review(&schedule, hard, START_MS, RATING_AGAIN, 0);
    assert_number(again.step, 0);
    assert_number(again.due_ms - START_MS, MINUTE_MS);
    assert_number(again.lapses, 0);
}

static void
a_card_forgotten_is_relearned_in_ten_minutes(void **state)
{
    (void)state;
    struct schedule schedule = schedule_default();
    struct schedule_card card = schedule_review(
        &schedule, (struct schedule_card){0}, START_MS, RATING_EASY, 0);
    assert_number(card.phase, SCHEDULE_REVIEW);
    card = schedule_review(&schedule, card, card.due_ms, RATING_AGAIN, 0);
    assert_number(card.phase, SCHEDULE_RELEARNING);
    assert_number(card.lapses, 1);
    assert_number(card.due_ms - card.last_ms, 10 * MINUTE_MS);
    card = schedule_review(&schedule, card, card.due_ms, RATING_GOOD, 0);
    assert_number(card.phase, SCHEDULE_REVIEW);
}

static void
days_are_whole_periods_of_24_hours(void **state)
{
    (void)state;
    struct schedule_card card = {.last_ms = START_MS};
    assert_number(schedule_elapsed_days(&card, START_MS - 5), 0);
    assert_number(schedule_elapsed_days(&card, START_MS + SCHEDULE_DAY_MS - 1),
                  0);
    assert_number(schedule_elapsed_days(&card, START_MS + SCHEDULE_DAY_MS), 1);
    assert_number(
        schedule_elapsed_days(&card, START_MS + 2LL * SCHEDULE_DAY_MS - 1), 1);
}

static void
half_a_day_is_rounded_to_the_even_day(void **state)
{
    (void)state;
    struct schedule schedule = schedule_default();
    // With the retention of stability itself the interval is the stability.
    assert_number(schedule_interval_days(&schedule, 0.01), 1);
    assert_number(schedule_interval_days(&schedule, 2.4999), 2);
    assert_number(schedule_interval_days(&schedule, 3.5001), 4);
    assert_number(schedule_interval_days(&schedule, 1e9), 36500);
    schedule.maximum_days = 100;
    assert_number(schedule_interval_days(&schedule, 1e9), 100);
}

static void
fuzz_bounds_are_as_published(void **state)
{
    (void)state;
    static const int EXPECTED[][3] = {{1, 1, 1},   {2, 2, 2},   {3, 2, 4},
                                      {7, 5, 9},   {11, 9, 13}, {20, 17, 23},
                                      {46, 42, 50}};
    for (size_t i = 0; i < sizeof(EXPECTED) / sizeof(*EXPECTED); i++) {
        int low = 0;
        int high = 0;
        schedule_fuzz_bounds(EXPECTED[i][0], 36500, &low, &high);
        assert_number(low, EXPECTED[i][1]);
        assert_number(high, EXPECTED[i][2]);
    }
    int low = 0;
    int high = 0;
    schedule_fuzz_bounds(46, 46, &low, &high);
    assert_number(high, 46);
}

static void
fuzz_spreads_cards_and_repeats_itself(void **state)
{
    (void)state;
    struct schedule schedule = schedule_default();
    schedule.fuzz = true;
    bool seen[32] = {false};
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct schedule_card card = schedule_review(
            &schedule, (struct schedule_card){0}, START_MS, RATING_EASY, seed);
        struct schedule_card same = schedule_review(
            &schedule, (struct schedule_card){0}, START_MS, RATING_EASY, seed);
        assert_number(card.due_ms, same.due_ms);
        int64_t days = (card.due_ms - START_MS) / SCHEDULE_DAY_MS;
        assert_true(days >= 6 && days <= 10);
        seen[days] = true;
    }
    for (int days = 6; days <= 10; days++) {
        assert_true(seen[days]);
    }
}

static void
a_better_grade_waits_longer_where_order_is_asked_for(void **state)
{
    (void)state;
    struct schedule schedule = schedule_default();
    struct schedule_card card = {.phase = SCHEDULE_REVIEW,
                                 .memory = {1.2, 9.5},
                                 .last_ms = START_MS,
                                 .due_ms = START_MS + SCHEDULE_DAY_MS,
                                 .reviews = 4};
    int64_t wait_ms[4];
    schedule.button_order = true;
    schedule_preview(&schedule, &card, card.due_ms, 0, wait_ms);
    assert_true(wait_ms[1] < wait_ms[2] && wait_ms[2] < wait_ms[3]);
}

static void
without_steps_every_wait_is_of_days(void **state)
{
    (void)state;
    struct schedule schedule = schedule_default();
    schedule.learning.count = schedule.relearning.count = 0;
    struct schedule_card card = {0};
    int64_t now_ms = START_MS;
    for (int i = 0; i < 40; i++) {
        card = schedule_review(&schedule, card, now_ms,
                               (enum rating)(i * 7 % 4 + 1), 0);
        assert_number(card.phase, SCHEDULE_REVIEW);
        assert_true(card.due_ms - now_ms >= SCHEDULE_DAY_MS);
        now_ms = card.due_ms;
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(thirteen_reviews_when_due_wait_as_published),
        cmocka_unit_test(all_grades_in_long_term_mode_wait_as_published),
        cmocka_unit_test(a_new_card_is_due_in_minutes_or_in_eight_days),
        cmocka_unit_test(hard_on_an_only_step_waits_half_as_long_again),
        cmocka_unit_test(hard_stays_on_the_second_step_and_again_goes_back),
        cmocka_unit_test(a_card_forgotten_is_relearned_in_ten_minutes),
        cmocka_unit_test(days_are_whole_periods_of_24_hours),
        cmocka_unit_test(half_a_day_is_rounded_to_the_even_day),
        cmocka_unit_test(fuzz_bounds_are_as_published),
        cmocka_unit_test(fuzz_spreads_cards_and_repeats_itself),
        cmocka_unit_test(a_better_grade_waits_longer_where_order_is_asked_for),
        cmocka_unit_test(without_steps_every_wait_is_of_days),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
