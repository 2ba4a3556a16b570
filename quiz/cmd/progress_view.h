/* Progress view: what the commands about progress have in common. */
#ifndef QUIZ_CMD_PROGRESS_VIEW_H
#define QUIZ_CMD_PROGRESS_VIEW_H

#include <stdint.h>

#include "quiz/core/calendar.h"
#include "quiz/io/json.h"

struct logged_answer;

/* The learner's day at a moment, in the machine's time zone. */
struct learner_day {
    int64_t day; // see core/calendar.h
    int64_t start_ms, end_ms;
    int offset_min, rollover_hour;
};
struct learner_day progress_day(int64_t now_ms, int rollover_hour);

/* "2026-01-31 09:05", local time. */
void progress_local(int64_t time_ms, char text[CALENDAR_TEXT_BYTES]);

/* A moment as ISO 8601 in UTC; null for 0. */
json_t *progress_moment_json(int64_t time_ms);

/* An answer of the log; new. */
json_t *progress_answer_json(const struct logged_answer *answer);

/* One line: "2026-01-31 09:05  100%  good  gc-why-cycles (practice)". */
void progress_show_answer(const struct logged_answer *answer);

/* 0, or a usage message and the exit status when there are arguments. */
int progress_no_arguments(const char *name, int argc, char **argv);

#endif
