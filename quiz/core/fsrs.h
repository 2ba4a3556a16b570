/* FSRS: how well a card is remembered, by the Free Spaced Repetition
 * Scheduler, version 6 (21 weights).
 *
 * Source of every formula: py-fsrs 6.3.1 and fsrs-rs 6.6.1. Where the
 * libraries differ, this follows py-fsrs: time passes in whole 24-hour
 * periods, stability has no upper bound and at least 0.001, arithmetic is in
 * double, and only Good and Easy never lower the stability on the same day.
 * The other reading of the last point is an option below. Pure arithmetic; no
 * clock. */
#ifndef QUIZ_CORE_FSRS_H
#define QUIZ_CORE_FSRS_H

#include <stdbool.h>
#include <stddef.h>

#include "quiz/core/rating.h"

struct error;

enum {
    FSRS_WEIGHTS = 21
};

struct fsrs {
    double weights[FSRS_WEIGHTS];
    bool hard_keeps; // Hard on the same day never lowers the stability
                     // either, as in fsrs-rs and ts-fsrs
};

/* A card's memory state. stability is in days, difficulty 1..10; both are 0
 * for a card that was never reviewed. */
struct fsrs_state {
    double stability;
    double difficulty;
};

/* The published default weights. */
extern const struct fsrs FSRS_DEFAULT;

/* Fills the weights of fsrs from 21 values, or from the 19 or 17 of older
 * versions, which are converted. Returns 0, or -1 with err when the count is
 * another or a value is out of its range; fsrs is then untouched. */
int fsrs_set_weights(struct fsrs *fsrs, const double *values, size_t count,
                     struct error *err);

/* The same from a text of numbers between commas or spaces. */
int fsrs_parse_weights(struct fsrs *fsrs, const char *text, struct error *err);

/* The state after a review elapsed_days (whole 24-hour periods, at least 0)
 * after the one before; for the first review state is zero and elapsed_days
 * is ignored. Below one day the same-day formula is used. */
struct fsrs_state fsrs_step(const struct fsrs *fsrs, struct fsrs_state state,
                            double elapsed_days, enum rating rating);

/* The chance, 0..1, that it is recalled elapsed_days after the review. */
double fsrs_recall(const struct fsrs *fsrs, double stability,
                   double elapsed_days);

/* Days until the chance falls to retention (0 < retention <= 1); not
 * rounded. */
double fsrs_interval(const struct fsrs *fsrs, double stability,
                     double retention);

#endif
