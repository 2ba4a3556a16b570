/* Schedule: when a card is asked next.
 *
 * A state machine around FSRS, as in py-fsrs: a new card walks through short
 * learning steps, then intervals of whole days follow from its stability; a
 * card that was forgotten walks through the relearning steps. No clock: time
 * is a parameter, UTC in milliseconds. */
#ifndef QUIZ_CORE_SCHEDULE_H
#define QUIZ_CORE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "quiz/core/fsrs.h"

enum {
    SCHEDULE_STEPS_MAX = 8,
    SCHEDULE_DAY_MS = 86400000
};

/* Waits between the answers of one learning phase. */
struct schedule_steps {
    int64_t wait_ms[SCHEDULE_STEPS_MAX];
    int count; // 0: no such phase
};

/* How a profile schedules. */
struct schedule {
    struct fsrs fsrs;
    double retention; // wanted chance of recall when asked, 0.7..0.99
    int maximum_days; // no interval is longer
    struct schedule_steps learning, relearning;
    bool button_order; // a better grade always waits longer, as in ts-fsrs
    bool fuzz;         // spread cards that were learned together
    int rollover_hour; // 0..23, local time: when the day of the learner ends
};

/* Steps of 1 and 10 minutes, 10 for relearning, 0.9, 36500 days, 04:00. */
struct schedule schedule_default(void);

enum schedule_phase {
    SCHEDULE_NEW,
    SCHEDULE_LEARNING,
    SCHEDULE_REVIEW,
    SCHEDULE_RELEARNING
};

/* Where a card stands; all zero for one never reviewed. */
struct schedule_card {
    enum schedule_phase phase;
    int step; // of the learning or relearning phase
    struct fsrs_state memory;
    int64_t last_ms, due_ms;
    int reviews, lapses; // a lapse: Again in the review phase
};

/* Whole 24-hour periods since the card's last review; never negative. */
int64_t schedule_elapsed_days(const struct schedule_card *card,
                              int64_t time_ms);

/* The card after a review. seed (the same for every review of a card) makes
 * the fuzz, which is thereby the same each time it is computed. */
struct schedule_card schedule_review(const struct schedule *schedule,
                                     struct schedule_card card,
                                     int64_t time_ms, enum rating rating,
                                     uint64_t seed);

/* How long the card would wait after each grade: wait_ms[0] for Again up to
 * wait_ms[3] for Easy. */
void schedule_preview(const struct schedule *schedule,
                      const struct schedule_card *card, int64_t time_ms,
                      uint64_t seed, int64_t wait_ms[4]);

/* The interval of a stability in whole days: half is rounded to even, at
 * least 1 and at most maximum_days. */
int schedule_interval_days(const struct schedule *schedule, double stability);

/* How well a card is mastered, 0..1: its chance of recall at now_ms, times
 * its stability as a share of three weeks (at most 1). */
double schedule_mastery(const struct schedule *schedule,
                        const struct fsrs_state *memory, int64_t last_ms,
                        int64_t now_ms);

/* The bounds between which fuzz moves an interval (both included). */
void schedule_fuzz_bounds(int days, int maximum_days, int *low, int *high);

#endif
