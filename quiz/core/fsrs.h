/* FSRS: how well a card is remembered, by the Free Spaced Repetition
 * Scheduler, version 6 (21 weights).
 *
 * Source of every formula: py-fsrs 6.3.1 and fsrs-rs 6.6.1; where the two
 * differ the choice is named beside the function. Pure arithmetic in double;
 * no clock. */
#ifndef QUIZ_CORE_FSRS_H
#define QUIZ_CORE_FSRS_H

#include <stdbool.h>

#include "quiz/core/rating.h"

enum {
    FSRS_WEIGHTS = 21
};

struct fsrs {
    double weights[FSRS_WEIGHTS];
};

/* A card's memory state. stability is in days, difficulty 1..10; both are 0
 * for a card that was never reviewed. */
struct fsrs_state {
    double stability;
    double difficulty;
};

/* The published default weights. */
extern const struct fsrs FSRS_DEFAULT;

/* The state after a review elapsed_days (whole 24-hour periods, at least 0)
 * after the one before; for the first review state is zero and elapsed_days
 * is ignored. */
struct fsrs_state fsrs_step(const struct fsrs *fsrs, struct fsrs_state state,
                            double elapsed_days, enum rating rating);

/* The chance, 0..1, that it is recalled elapsed_days after the review. */
double fsrs_recall(const struct fsrs *fsrs, double stability,
                   double elapsed_days);

/* Days until the chance falls to retention (0 < retention < 1); not
 * rounded. */
double fsrs_interval(const struct fsrs *fsrs, double stability,
                     double retention);

#endif
