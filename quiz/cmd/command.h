/* Command: what a person can type after "ouro", and what a command is given.
 *
 * Each command lives in a file of its own, parses its options with
 * getopt_long(), computes a result struct and has a view or --json draw it.
 * Adding one: write quiz/cmd/NOUN.c with `int NOUN_command(…)`, declare it
 * below, add a row to the table in command.c, its help to quiz/ouro.1 and its
 * Russian texts to quiz/po/ru.po. */
#ifndef QUIZ_CMD_COMMAND_H
#define QUIZ_CMD_COMMAND_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "quiz/core/error.h"
#include "quiz/core/lang.h"
#include "quiz/io/paths.h"
#include "quiz/io/view.h"

struct arena;
struct bank;
struct scorer;
struct store;
struct term;

/* What every command is given. What the open_ functions below make is kept
 * here and given back by main when the command returns. */
struct context {
    bool json, quiet, no_color;
    int width;           // --width, or 0
    const char *profile; // --profile, or NULL
    struct paths paths;
    struct bank *bank;
    struct store *store;
    struct term *term;
    struct scorer *scorer; // see assess.h
    struct arena *synonyms_arena;
};

struct command {
    const char *name;
    const char *usage;   // after "ouro NAME ", untranslated
    const char *summary; // one line, TR_LATER
    const char *options; // the lines of its option list, TR_LATER, or NULL
    int (*run)(struct context *context, int argc, char **argv);
};

/* The table, and the command of a name (or NULL). The last row has no
 * name. */
extern const struct command COMMANDS[];
const struct command *command_find(const char *name);

/* The name of the command nearest to a mistyped one, or NULL. */
const char *command_suggest(const char *name);

/* Prints err to stderr as "ouro: …" and returns its exit status. */
int command_fail(const struct error *err);

/* Prints a usage message for the command and returns EXIT_STATUS_USAGE. With
 * a format, it is printed first. */
int command_usage(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Gives back what was opened and found. */
void command_release(struct context *context);

/* The bank, the store and the terminal, opened at the first call; borrowed.
 * 0, or -1 with err. term cannot fail. */
int command_open_bank(struct context *context, struct error *err);
int command_open_store(struct context *context, struct error *err);
struct term *command_open_term(struct context *context);
struct view command_view(struct context *context);

/* Whether there is a lab with this id (NULL: no). Questions may name labs
 * that are still to come; those are not shown. */
bool command_has_lab(const struct context *context, const char *lab_id);

/* Now, UTC in milliseconds; OURO_NOW_MS in the environment stands in for the
 * clock in tests. */
int64_t command_now_ms(void);

/* A clock that only goes forward, for what lasts how long; in tests each look
 * at it is OURO_STEP_MS later than the one before. */
int64_t command_monotonic_ms(void);

/* A number of an option within [low, high]: 0 and *value, or -1. */
int command_number(const char *text, long low, long high, long *value);

int lab_command(struct context *context, int argc, char **argv);
int answer_command(struct context *context, int argc, char **argv);
int doctor_command(struct context *context, int argc, char **argv);
int explain_command(struct context *context, int argc, char **argv);
int home_command(struct context *context, int argc, char **argv);
int search_command(struct context *context, int argc, char **argv);
int content_command(struct context *context, int argc, char **argv);
int interview_command(struct context *context, int argc, char **argv);
int practice_command(struct context *context, int argc, char **argv);
int due_command(struct context *context, int argc, char **argv);
int stats_command(struct context *context, int argc, char **argv);
int history_command(struct context *context, int argc, char **argv);
int undo_command(struct context *context, int argc, char **argv);
int reschedule_command(struct context *context, int argc, char **argv);
int progress_command(struct context *context, int argc, char **argv);
int schedule_command(struct context *context, int argc, char **argv);
int help_command(struct context *context, int argc, char **argv);

#endif
