/* Store: a person's progress, in SQLite (progress.db of the data folder).
 *
 * The log of answers is the truth: append-only but for undo, which marks a row
 * as undone and never removes it. Everything else (memory state, due dates,
 * counters per topic) is derived from it in the same transaction and can be
 * rebuilt. Times are UTC in milliseconds since 1970 (int64_t). Two programs
 * may use one store at the same time: writers wait for each other.
 *
 * The file is made by the first write, not by store_open(). Where it cannot be
 * written it can still be read. When a function fails nothing was changed;
 * the status of err is CONTENT for a file that is damaged, of another program
 * or of a newer Ouro, and MACHINE for a full disk, missing rights, or a file
 * that was taken away. */
#ifndef QUIZ_IO_STORE_H
#define QUIZ_IO_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "quiz/core/fsrs.h"
#include "quiz/core/lang.h"
#include "quiz/core/schedule.h"
#include "quiz/core/tally.h"

struct error;
struct store; // private to store.c

/* Opens the store of a data folder. Nothing is created yet; an older schema
 * is migrated, after a backup beside it. Returns 0 and *store (give it back
 * with store_close()), or -1 with err. */
int store_open(struct store **store, const char *data_folder,
               struct error *err);
void store_close(struct store *store); // NULL is fine

/* Whether anything was ever written to it. */
bool store_exists(struct store *store);

/* Why a question was asked. */
enum review_mode {
    REVIEW_MODE_SCHEDULED, // due, or new: moves the schedule
    REVIEW_MODE_CRAM,      // extra practice; never changes due dates
    REVIEW_MODE_MOCK,      // asked in an interview; never changes due dates
    REVIEW_MODE_PLACEMENT, // schedules a card that is new and was known,
                           // without learning steps; else changes nothing
    REVIEW_MODE_COUNT
};

/* "scheduled", "cram", "mock", "placement"; and back: 0, or -1. */
const char *review_mode_name(enum review_mode mode);
int review_mode_from_name(const char *name, enum review_mode *mode);

struct review {
    const char *question_id, *topic;
    enum review_mode mode;
    enum lang lang;
    int64_t time_ms;    // when the answer was given
    int duration_ms;    // thinking and answering
    double score;       // 0..1
    enum rating rating; //
    const char *answer; // what was typed or chosen, as text; NULL if skipped
    int64_t session_ms; // when the session began; 0 if it belongs to none
};

/* Logs an answer and moves the card's schedule, in one transaction. On
 * success *review_id (may be NULL) names it for store_undo(). */
int store_add_review(struct store *store, const struct review *review,
                     int64_t *review_id, struct error *err);

/* Takes the newest not yet undone answer back. Returns 1 and the question id
 * (new) in *question_id, 0 when there is nothing to undo, -1 with err. */
int store_undo(struct store *store, char **question_id, struct error *err);

/* Takes the answer review_id back and logs review (NULL: none) in its place,
 * in one transaction; for another rating of an answer just given. An answer
 * that is undone already stays so. */
int store_replace_review(struct store *store, int64_t review_id,
                         const struct review *review, int64_t *new_id,
                         struct error *err);

/* The log, newest first. */
struct logged_answer {
    int64_t id;
    char *question_id, *topic, *answer; // owned; answer NULL if skipped
    enum review_mode mode;
    enum lang lang;
    int64_t time_ms;
    int duration_ms;
    double score;
    enum rating rating;
    bool undone;
};

struct history {
    struct logged_answer *items;
    size_t count;
};
void history_release(struct history *history); // a zeroed one is fine

/* The newest limit answers, of one topic or (NULL) of all; undone ones are
 * among them. */
int store_history(struct store *store, const char *topic, size_t limit,
                  struct history *history, struct error *err);

/* Sums over all answers that are not undone. */
struct topic_tally {
    char *topic; // owned
    struct tally tally;
};

struct totals {
    struct topic_tally *topics; // by name
    size_t topic_count;
    struct day_tally *days; // sorted; days without answers are left out
    size_t day_count;
    struct tally all;
};
void totals_release(struct totals *totals); // a zeroed one is fine
int store_totals(struct store *store, struct totals *totals,
                 struct error *err);

struct card {
    char *question_id; // owned by the list
    const char *topic; // of the newest answer; in the same block of memory
    enum schedule_phase phase; // SCHEDULE_NEW: never scheduled (only crammed,
                               // interviewed, or not known at placement)
    int step;
    struct fsrs_state memory;
    int64_t last_ms; // of the newest review that moved the schedule, or 0
    int64_t due_ms;  // 0 while the phase is SCHEDULE_NEW
    int reviews;     // that moved the schedule
    int lapses;
    int answers, misses; // of every mode; a miss scored below 0.5
    int64_t answered_ms; // the newest answer of every mode
    bool last_missed;    // the newest answer scored below 0.5
};

struct cards {
    struct card *items;
    size_t count;
};
void cards_release(struct cards *cards); // a zeroed one is fine

/* Cards due at now_ms, longest waiting first, at most limit. */
int store_due(struct store *store, int64_t now_ms, size_t limit,
              struct cards *cards, struct error *err);

/* The card of a question. 1 and *card (free its question_id), 0 when it was
 * never answered, -1 with err. */
int store_find_card(struct store *store, const char *question_id,
                    struct card *card, struct error *err);

/* How many cards are due at now_ms, counted up to limit. */
int store_count_due(struct store *store, int64_t now_ms, size_t limit,
                    size_t *count, struct error *err);

/* Every card ever answered, by question id. */
int store_cards(struct store *store, struct cards *cards, struct error *err);

/* How long a question would wait after each grade given at now_ms: [0] after
 * Again, [3] after Easy. Holds for questions never asked, too. */
int store_preview(struct store *store, const char *question_id, int64_t now_ms,
                  int64_t wait_ms[4], struct error *err);

/* How the profile schedules; the default while nothing was set. */
int store_schedule(struct store *store, struct schedule *schedule,
                   struct error *err);

/* Changes it and computes every card anew; changed as in store_rebuild(). */
int store_set_schedule(struct store *store, const struct schedule *schedule,
                       size_t *changed, struct error *err);

/* Computes cards and counters anew from the log; *changed (may be NULL) is
 * the number of cards whose due date became another. */
int store_rebuild(struct store *store, size_t *changed, struct error *err);

/* Writes a consistent copy of the file to path, complete or not at all. An
 * automatic one is made in the folder "backups" before a migration; the
 * newest five of those are kept. */
int store_backup(struct store *store, const char *path, struct error *err);

/* Puts the copy at path in the place of the progress in data_folder, once the
 * copy is found to be whole. What was there is kept: *kept (new; NULL if there
 * was nothing) is the path of its copy in "backups". Works when the present
 * file is damaged, too. */
int store_restore(const char *data_folder, const char *path, char **kept,
                  struct error *err);

/* Reads the whole file and says whether all is consistent. 0, or -1 with
 * err. Takes time in proportion to the file. */
int store_check(struct store *store, struct error *err);

/* Writes all logs and settings as JSON lines: {"schema": "ouro.progress/1"},
 * then one object per row. Nothing is lost. 0, or -1 with err. */
int store_export(struct store *store, FILE *out, struct error *err);

/* Merges what store_export() wrote, all or nothing. Rows that are here already
 * are left out; settings that were made here stay. name is how messages call
 * the stream. */
struct import_counts {
    size_t added, known; // rows
};
int store_import(struct store *store, FILE *in, const char *name,
                 struct import_counts *counts, struct error *err);

/* A lab attempt, as judged. */
struct attempt {
    const char *lab_id;
    int64_t time_ms;
    const char *verdict; // grader/verdict.h's name
    int score, max_score, hints_cost;
    uint64_t seed;
    const char *file_sha256;      // or any content hash, hexadecimal
    const char *first_divergence; // one line, or NULL
};
int store_add_attempt(struct store *store, const struct attempt *attempt,
                      struct error *err);

struct lab_state {
    int attempts, best_score, max_score, hints_seen;
    bool passed;
    int64_t last_ms; // 0 if never tried
};
int store_lab_state(struct store *store, const char *lab_id,
                    struct lab_state *state, struct error *err);

/* Every lab that was tried or asked for a hint, by id. */
struct lab_row {
    char *lab_id; // owned
    struct lab_state state;
};

struct labs {
    struct lab_row *items;
    size_t count;
};
void labs_release(struct labs *labs); // a zeroed one is fine
int store_labs(struct store *store, struct labs *labs, struct error *err);

/* Records that the next hint of a lab (0-based number) was shown. */
int store_add_hint(struct store *store, const char *lab_id, int number,
                   int64_t time_ms, struct error *err);

/* An interview that was finished or broken off; report is its JSON. The
 * answers in it are logged one by one with REVIEW_MODE_MOCK. */
struct interview_record {
    int64_t start_ms, end_ms;
    uint64_t seed;
    const char *plan, *level; // NULL if none was asked for
    double score;             // 0..1
    const char *report;       // JSON text
};
int store_add_interview(struct store *store,
                        const struct interview_record *record,
                        struct error *err);

/* The newest interviews, newest first. */
struct interview_row {
    int64_t start_ms, end_ms;
    double score;
    char *plan, *level, *report; // owned; plan and level may be NULL
};

struct interviews {
    struct interview_row *items;
    size_t count;
};
void interviews_release(struct interviews *interviews); // a zeroed one is fine
int store_interviews(struct store *store, size_t limit,
                     struct interviews *interviews, struct error *err);

#endif
