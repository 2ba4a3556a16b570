/* Rating: the four grades of FSRS. */
#ifndef QUIZ_CORE_RATING_H
#define QUIZ_CORE_RATING_H

enum rating {
    RATING_AGAIN = 1,
    RATING_HARD = 2,
    RATING_GOOD = 3,
    RATING_EASY = 4
};

/* "again", "hard", "good", "easy". */
const char *rating_name(enum rating rating);

/* The grade for an answer scored 0..1 after duration_ms, when seconds were
 * suggested: below 0.5 Again; below 0.85 Hard; else Good, or Hard when it
 * took more than three times as long as suggested. Easy is only ever the
 * person's own word. */
enum rating rating_from_score(double score, int duration_ms, int seconds);

#endif
