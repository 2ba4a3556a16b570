/* Lab, shared by the files of `ouro lab`: what was asked for, what the
 * commands have in common, and the commands, which return the exit status. */
#ifndef QUIZ_CMD_LAB_H
#define QUIZ_CMD_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include "quiz/core/lab.h"
#include "quiz/io/json.h"
#include "quiz/io/store.h"
#include "quiz/io/view.h"

struct context;
struct shelf;

/* One `ouro lab ...`, parsed. */
struct lab_request {
    struct context *context;
    struct view view;
    struct shelf *shelf;
    const struct lab *lab; // NULL only for list
    const char *place;     // DIR or FILE as typed, or NULL
    bool spoil;            // --spoil: show the solution unsolved
    bool yes;              // --yes: do not ask
    bool poll;             // --poll: do not trust file events
    bool seen;             // --seen: only hints that were shown before
    bool fresh;            // --no-cache: grade what was graded before, too
    bool may_be_open;      // --unsafe-no-namespaces
    bool has_seed;
    uint64_t seed;                  // --seed
    struct grade_standby **standby; // for the next check, while one is waited
                                    // for; else NULL
};

/* The learner's file: as typed, or where `start` put it. New, or NULL with
 * err, which says how to start. */
char *lab_find_file(const struct lab_request *request, struct error *err);

/* What the person has done with the lab so far. 0, or -1 with err. */
int lab_load_state(const struct lab_request *request, struct lab_state *state,
                   struct error *err);

/* A document of this schema that names the lab. */
json_t *lab_document(const char *schema, const struct lab *lab);

/* Writes a document to stdout (steals it). Returns the exit status. */
int lab_write(json_t *document);

/* A line of plain text on stdout, indented and wrapped. */
void lab_say(const struct lab_request *request, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* All labs and how far the person is; one lab's task; its files into a folder;
 * the learner's file back to the starter. */
int lab_list(const struct lab_request *request);
int lab_show(const struct lab_request *request);
int lab_start(const struct lab_request *request);
int lab_reset(const struct lab_request *request);

/* Shows the reference's file, after a pass or with request->spoil. */
int lab_solution(const struct lab_request *request);

/* Compiles, runs and judges the file; shows the verdict or its JSON and
 * records the attempt. Returns the exit status. */
int lab_grade(const struct lab_request *request, const char *file);

/* Reveals the next hint, or with request->seen the ones revealed already.
 * Returns the exit status. */
int lab_hint(const struct lab_request *request);

/* Shows how the file differs from the reference, after a pass. Returns the
 * exit status. */
int lab_diff(const struct lab_request *request, const char *file);

/* Grades the file at every save until the person quits. */
int lab_watch(const struct lab_request *request, const char *file);

#endif
