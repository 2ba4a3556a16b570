#include "quiz/core/rating.h"

#include <assert.h>

const char *
rating_name(enum rating rating)
{
    static const char *const NAMES[] = {"again", "hard", "good", "easy"};
    assert(rating >= RATING_AGAIN && rating <= RATING_EASY);
    return NAMES[rating - RATING_AGAIN];
}

enum rating
rating_from_score(double score, int duration_ms, int seconds)
{
    if (score < 0.5) {
        return RATING_AGAIN;
    }
    if (score < 0.85 || duration_ms / 1000.0 > 3.0 * seconds) {
        return RATING_HARD;
    }
    return RATING_GOOD;
}
