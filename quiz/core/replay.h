/* Replay: the memory state of every card of somebody's review log.
 *
 * The log is CSV with a header that names the columns card_id, review_rating
 * (1 to 4) and review_time (ISO 8601, UTC unless it has a zone; or whole
 * milliseconds since 1970) in any order; other columns are ignored. Rows may
 * be in any order: those of a card are taken by time, those of one moment in
 * the order of the file. */
#ifndef QUIZ_CORE_REPLAY_H
#define QUIZ_CORE_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quiz/core/fsrs.h"

struct arena;
struct error;
struct schedule;

struct replay_card {
    const char *id; // borrowed until replay_release()
    size_t reviews;
    struct fsrs_state memory; // FSRS alone: learning steps play no part
    int64_t last_ms;
    int64_t due_ms; // last_ms and schedule_interval_days() from there
};

struct replay {
    struct replay_card *cards; // in the order of their first rows
    size_t count;
    size_t reviews;    // replayed
    size_t duplicates; // rows like one before: same card, time and rating
    struct arena *arena;
};
void replay_release(struct replay *replay); // a zeroed one is fine

/* Replays length bytes of CSV (see csv_init(): they are changed) that messages
 * call name. unique: leave duplicates out; else each counts as a review.
 * Returns 0, or -1 with err naming the lines that are bad. */
int replay_csv(struct replay *replay, const struct schedule *schedule,
               char *bytes, size_t length, const char *name, bool unique,
               struct error *err);

#endif
