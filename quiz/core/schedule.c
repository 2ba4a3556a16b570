#include "quiz/core/schedule.h"

#include <assert.h>
#include <math.h>

struct schedule
schedule_default(void)
{
    return (struct schedule){
        .fsrs = FSRS_DEFAULT,
        .retention = 0.9,
        .maximum_days = 36500,
        .learning = {.wait_ms = {60000, 600000}, .count = 2},
        .relearning = {.wait_ms = {600000}, .count = 1},
        .rollover_hour = 4,
    };
}

int64_t
schedule_elapsed_days(const struct schedule_card *card, int64_t time_ms)
{
    if (time_ms <= card->last_ms) {
        return 0;
    }
    return (time_ms - card->last_ms) / SCHEDULE_DAY_MS;
}

int
schedule_interval_days(const struct schedule *schedule, double stability)
{
    double days = nearbyint(
        fsrs_interval(&schedule->fsrs, stability, schedule->retention));
    return (int)fmin(fmax(days, 1), schedule->maximum_days);
}

double
schedule_mastery(const struct schedule *schedule,
                 const struct fsrs_state *memory, int64_t last_ms,
                 int64_t now_ms)
{
    if (memory->stability == 0) {
        return 0;
    }
    double days = fmax(0, (double)(now_ms - last_ms) / SCHEDULE_DAY_MS);
    return fsrs_recall(&schedule->fsrs, memory->stability, days) *
           fmin(memory->stability / 21, 1);
}

void
schedule_fuzz_bounds(int days, int maximum_days, int *low, int *high)
{
    double half = 1 + 0.15 * fmax(0, fmin(days, 7) - 2.5) +
                  0.10 * fmax(0, fmin(days, 20) - 7) +
                  0.05 * fmax(0, days - 20.0);
    *low = days;
    *high = days;
    if (days >= 3) {
        *low = (int)fmax(2, nearbyint(days - half));
        *high = (int)fmin(maximum_days, nearbyint(days + half));
        *low = *low < *high ? *low : *high;
    }
}

/* splitmix64: a number that looks random, always the same for its input. */
static uint64_t
scramble(uint64_t value)
{
    value += 0x9E3779B97F4A7C15U;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31);
}

static int
fuzzed(const struct schedule *schedule, int days, int reviews, uint64_t seed)
{
    int low = 0;
    int high = 0;
    schedule_fuzz_bounds(days, schedule->maximum_days, &low, &high);
    uint64_t random = scramble(seed + (uint64_t)reviews);
    return low + (int)(random % (uint64_t)(high - low + 1));
}

/* The memory after the grade. */
static struct fsrs_state
remembered(const struct schedule *schedule, const struct schedule_card *card,
           int64_t time_ms, enum rating rating)
{
    return fsrs_step(&schedule->fsrs, card->memory,
                     (double)schedule_elapsed_days(card, time_ms), rating);
}

/* Days for all four grades, each longer than the one before where the
 * reference implementation demands it. Without learning steps Again is a
 * matter of days, too. */
static int
ordered_days(const struct schedule *schedule, const struct schedule_card *card,
             int64_t time_ms, enum rating wanted, bool again_in_days)
{
    int days[RATING_EASY + 1];
    for (int rating = RATING_AGAIN; rating <= RATING_EASY; rating++) {
        struct fsrs_state next =
            remembered(schedule, card, time_ms, (enum rating)rating);
        days[rating] = schedule_interval_days(schedule, next.stability);
    }
    int *again = &days[RATING_AGAIN];
    int *hard = &days[RATING_HARD];
    int *good = &days[RATING_GOOD];
    int *easy = &days[RATING_EASY];
    if (again_in_days) {
        *again = *again < *hard ? *again : *hard;
        *hard = *hard > *again ? *hard : *again + 1;
    }
    else {
        *hard = *hard < *good ? *hard : *good;
    }
    *good = *good > *hard ? *good : *hard + 1;
    *easy = *easy > *good ? *easy : *good + 1;
    int result = days[wanted];
    return result < schedule->maximum_days ? result : schedule->maximum_days;
}

/* Puts the card into the review phase, due after whole days. next is the card
 * with its new memory, before it is the card as it was. */
static void
wait_days(const struct schedule *schedule, const struct schedule_card *before,
          struct schedule_card *next, enum rating rating, uint64_t seed)
{
    bool no_steps =
        schedule->learning.count == 0 && schedule->relearning.count == 0;
    int days = schedule_interval_days(schedule, next->memory.stability);
    if (schedule->button_order &&
        (no_steps || before->phase == SCHEDULE_REVIEW)) {
        days = ordered_days(schedule, before, next->last_ms, rating, no_steps);
    }
    if (schedule->fuzz) {
        days = fuzzed(schedule, days, next->reviews, seed);
    }
    next->phase = SCHEDULE_REVIEW;
    next->step = 0;
    next->due_ms = next->last_ms + (int64_t)days * SCHEDULE_DAY_MS;
}

static void
wait_step(const struct schedule_steps *steps, struct schedule_card *next,
          int step)
{
    next->step = step;
    next->due_ms = next->last_ms + steps->wait_ms[step];
}

/* Hard stays on its step; on the first it waits between the first two. */
static void
wait_hard_step(const struct schedule_steps *steps, struct schedule_card *next)
{
    int64_t wait_ms = steps->wait_ms[next->step];
    if (next->step == 0) {
        wait_ms = steps->count == 1
                      ? wait_ms + wait_ms / 2
                      : (steps->wait_ms[0] + steps->wait_ms[1]) / 2;
    }
    next->due_ms = next->last_ms + wait_ms;
}

/* An answer within the learning or the relearning phase. */
static void
learn(const struct schedule *schedule, const struct schedule_steps *steps,
      const struct schedule_card *before, struct schedule_card *next,
      enum rating rating, uint64_t seed)
{
    bool graduates =
        steps->count == 0 || rating == RATING_EASY ||
        (rating == RATING_GOOD && next->step + 1 >= steps->count) ||
        (rating == RATING_HARD && next->step >= steps->count);
    if (graduates) {
        wait_days(schedule, before, next, rating, seed);
    }
    else if (rating == RATING_AGAIN) {
        wait_step(steps, next, 0);
    }
    else if (rating == RATING_HARD) {
        wait_hard_step(steps, next);
    }
    else {
        wait_step(steps, next, next->step + 1);
    }
}

struct schedule_card
schedule_review(const struct schedule *schedule, struct schedule_card card,
                int64_t time_ms, enum rating rating, uint64_t seed)
{
    assert(schedule->learning.count <= SCHEDULE_STEPS_MAX &&
           schedule->relearning.count <= SCHEDULE_STEPS_MAX);
    struct schedule_card next = card;
    next.memory = remembered(schedule, &card, time_ms, rating);
    next.last_ms = time_ms;
    next.reviews++;
    switch (card.phase) {
    case SCHEDULE_NEW:
        next.phase = SCHEDULE_LEARNING;
        learn(schedule, &schedule->learning, &card, &next, rating, seed);
        break;
    case SCHEDULE_LEARNING:
        learn(schedule, &schedule->learning, &card, &next, rating, seed);
        break;
    case SCHEDULE_RELEARNING:
        learn(schedule, &schedule->relearning, &card, &next, rating, seed);
        break;
    case SCHEDULE_REVIEW:
        next.lapses += rating == RATING_AGAIN;
        if (rating == RATING_AGAIN && schedule->relearning.count > 0) {
            next.phase = SCHEDULE_RELEARNING;
            wait_step(&schedule->relearning, &next, 0);
        }
        else {
            wait_days(schedule, &card, &next, rating, seed);
        }
        break;
    }
    return next;
}

void
schedule_preview(const struct schedule *schedule,
                 const struct schedule_card *card, int64_t time_ms,
                 uint64_t seed, int64_t wait_ms[4])
{
    for (int i = 0; i < 4; i++) {
        struct schedule_card next = schedule_review(
            schedule, *card, time_ms, (enum rating)(RATING_AGAIN + i), seed);
        wait_ms[i] = next.due_ms - time_ms;
    }
}
