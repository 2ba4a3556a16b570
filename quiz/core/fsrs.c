#include "quiz/core/fsrs.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/error.h"
#include "quiz/core/lang.h"

static const double LOWEST_STABILITY = 0.001;

const struct fsrs FSRS_DEFAULT = {
    .weights = {0.212,  1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194,
                0.001,  1.8722, 0.1666, 0.796,  1.4835, 0.0614, 0.2629,
                1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542}};

/* What each weight may be. */
static const struct {
    double low, high;
} RANGES[FSRS_WEIGHTS] = {
    {0.001, 100}, {0.001, 100}, {0.001, 100},  {0.001, 100}, {1, 10},
    {0.001, 4},   {0.001, 4},   {0.001, 0.75}, {0, 4.5},     {0, 0.8},
    {0.001, 3.5}, {0.001, 5},   {0.001, 0.25}, {0.001, 0.9}, {0, 4},
    {0, 1},       {1, 6},       {0, 2},        {0, 2},       {0, 0.8},
    {0.1, 0.8},
};

int
fsrs_set_weights(struct fsrs *fsrs, const double *values, size_t count,
                 struct error *err)
{
    double weights[FSRS_WEIGHTS] = {[20] = 0.5};
    if (count != FSRS_WEIGHTS && count != 19 && count != 17) {
        return error_set(err, tr("%zu weights given: 21, 19 or 17 are known"),
                         count);
    }
    memcpy(weights, values, count * sizeof(*values));
    if (count == 17) {
        weights[4] += 2 * weights[5];
        weights[5] = log(3 * weights[5] + 1) / 3;
        weights[6] += 0.5;
    }
    for (int i = 0; i < FSRS_WEIGHTS; i++) {
        // Written so that a value that is no number fails, too.
        if (!(weights[i] >= RANGES[i].low && weights[i] <= RANGES[i].high)) {
            return error_set(err, tr("weight %d is %g: %g to %g is allowed"),
                             i, weights[i], RANGES[i].low, RANGES[i].high);
        }
    }
    memcpy(fsrs->weights, weights, sizeof(weights));
    return 0;
}

int
fsrs_parse_weights(struct fsrs *fsrs, const char *text, struct error *err)
{
    double values[FSRS_WEIGHTS + 1];
    size_t count = 0;
    const char *at = text + strspn(text, ", ");
    while (*at != '\0' && count <= FSRS_WEIGHTS) {
        char *end = NULL;
        values[count++] = strtod(at, &end);
        if (end == at || (*end != '\0' && strchr(", ", *end) == NULL)) {
            return error_set(err, tr("'%.20s' is no number"), at);
        }
        at = end + strspn(end, ", ");
    }
    return fsrs_set_weights(fsrs, values, count, err);
}

/* The factor that makes the chance of recall 0.9 after stability days. */
static double
curve_factor(const struct fsrs *fsrs)
{
    return pow(0.9, -1 / fsrs->weights[20]) - 1;
}

double
fsrs_recall(const struct fsrs *fsrs, double stability, double elapsed_days)
{
    return pow(1 + curve_factor(fsrs) * elapsed_days / stability,
               -fsrs->weights[20]);
}

double
fsrs_interval(const struct fsrs *fsrs, double stability, double retention)
{
    return stability / curve_factor(fsrs) *
           (pow(retention, -1 / fsrs->weights[20]) - 1);
}

static double
clamp_difficulty(double difficulty)
{
    return fmin(fmax(difficulty, 1), 10);
}

/* Not clamped: the mean that difficulty reverts to uses it as it is. */
static double
first_difficulty(const struct fsrs *fsrs, enum rating rating)
{
    const double *w = fsrs->weights;
    return w[4] - exp(w[5] * ((int)rating - 1)) + 1;
}

static double
next_difficulty(const struct fsrs *fsrs, double difficulty, enum rating rating)
{
    const double *w = fsrs->weights;
    double change = -w[6] * ((int)rating - 3);
    double damped = difficulty + change * (10 - difficulty) / 9;
    double easy = first_difficulty(fsrs, RATING_EASY);
    return clamp_difficulty(w[7] * easy + (1 - w[7]) * damped);
}

static double
stability_after_success(const struct fsrs *fsrs, struct fsrs_state state,
                        double recall, enum rating rating)
{
    const double *w = fsrs->weights;
    double hard = rating == RATING_HARD ? w[15] : 1;
    double easy = rating == RATING_EASY ? w[16] : 1;
    double growth = exp(w[8]) * (11 - state.difficulty) *
                    pow(state.stability, -w[9]) * expm1(w[10] * (1 - recall)) *
                    hard * easy;
    return state.stability * (1 + growth);
}

static double
stability_after_failure(const struct fsrs *fsrs, struct fsrs_state state,
                        double recall)
{
    const double *w = fsrs->weights;
    double relearned = w[11] * pow(state.difficulty, -w[12]) *
                       (pow(state.stability + 1, w[13]) - 1) *
                       exp(w[14] * (1 - recall));
    return fmin(relearned, state.stability / exp(w[17] * w[18]));
}

static double
stability_on_the_same_day(const struct fsrs *fsrs, double stability,
                          enum rating rating)
{
    const double *w = fsrs->weights;
    double change =
        exp(w[17] * ((int)rating - 3 + w[18])) * pow(stability, -w[19]);
    if (rating >= RATING_GOOD || (rating == RATING_HARD && fsrs->hard_keeps)) {
        change = fmax(change, 1);
    }
    return stability * change;
}

struct fsrs_state
fsrs_step(const struct fsrs *fsrs, struct fsrs_state state,
          double elapsed_days, enum rating rating)
{
    assert(rating >= RATING_AGAIN && rating <= RATING_EASY);
    struct fsrs_state next;
    if (state.stability == 0) {
        next.stability = fsrs->weights[rating - 1];
        next.difficulty = clamp_difficulty(first_difficulty(fsrs, rating));
    }
    else {
        double recall = fsrs_recall(fsrs, state.stability, elapsed_days);
        next.stability =
            elapsed_days < 1
                ? stability_on_the_same_day(fsrs, state.stability, rating)
            : rating == RATING_AGAIN
                ? stability_after_failure(fsrs, state, recall)
                : stability_after_success(fsrs, state, recall, rating);
        next.difficulty = next_difficulty(fsrs, state.difficulty, rating);
    }
    next.stability = fmax(next.stability, LOWEST_STABILITY);
    return next;
}
