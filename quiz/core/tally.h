/* Tally: what answers count for, summed up by topic or by day. */
#ifndef QUIZ_CORE_TALLY_H
#define QUIZ_CORE_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct tally {
    int64_t answers;      // of every mode
    int64_t missed;       // scored below 0.5
    int64_t duration_ms;  //
    int64_t recall_asked; // scheduled, a day or more after the one before
    int64_t recall_known; // and not graded Again
};

struct day_tally {
    int64_t day; // see core/calendar.h
    struct tally tally;
};

/* Adds sign times part to total. */
void tally_add(struct tally *total, const struct tally *part, int sign);

/* Days in a row with answers, up to and including today; today may still be
 * empty. days is sorted; *longest (may be NULL) is the longest row ever. */
int tally_streak(const struct day_tally *days, size_t count, int64_t today,
                 int *longest);

#endif
