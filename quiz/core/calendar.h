/* Calendar: moments as text, and the day of the learner.
 *
 * Moments are UTC in milliseconds since 1970, in the proleptic Gregorian
 * calendar, years 1 to 9999. No clock and no time zone: the offset from UTC
 * is a parameter. */
#ifndef QUIZ_CORE_CALENDAR_H
#define QUIZ_CORE_CALENDAR_H

#include <stddef.h>
#include <stdint.h>

enum {
    CALENDAR_TEXT_BYTES = 32 // room for what calendar_format() writes
};

/* "2026-01-31T09:05:00Z", with ".123" where there are milliseconds. */
void calendar_format(int64_t time_ms, char text[CALENDAR_TEXT_BYTES]);

/* Reads an ISO 8601 moment: a date, then "T" or a space and the time, with
 * seconds, a fraction (cut to milliseconds) and a zone ("Z", "+03:00",
 * "+0300", "+03") if wanted. Without a zone it is UTC; a date alone is its
 * midnight. All length bytes must belong to it. Returns 0 and *time_ms, or
 * -1. */
int calendar_parse(const char *text, size_t length, int64_t *time_ms);

/* The number of the learner's day (0 is 1 January 1970) at a moment: days
 * end at rollover_hour, local time, which is offset_min ahead of UTC. */
int64_t calendar_day(int64_t time_ms, int offset_min, int rollover_hour);

/* The moment at which a day begins. */
int64_t calendar_day_start(int64_t day, int offset_min, int rollover_hour);

/* The date of a day number: "2026-01-31". */
void calendar_format_day(int64_t day, char text[CALENDAR_TEXT_BYTES]);

#endif
