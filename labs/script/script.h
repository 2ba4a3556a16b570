/* Script: a small program about memory, read and checked as a whole before its
 * first line runs.
 *
 * One operation a line, words separated by blanks, # starts a comment.
 * tests/conformance/README.md describes the language. */
#ifndef LABS_SCRIPT_SCRIPT_H
#define LABS_SCRIPT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

struct operation; // how it is run (memory_machine.h)

/* One line, or one part of an action. */
struct step {
    const struct operation *operation;
    int line;     // 1-based
    char **words; // without the operation's own
    int count;    // of words
};

struct action {
    char *name;
    struct step *steps;
    size_t count;
};

struct script {
    bool exact; // "types exact"
    struct step *steps;
    size_t count;
    struct action **actions;
    size_t action_count;
    char *text; // that all words point into
};

/* Reads a script; text is taken over. 0, or -1 with a message of why not. */
int script_parse(struct script *script, char *text, char *why, size_t room);
void script_release(struct script *script);

/* The action of this name, or NULL. */
const struct action *script_action(const struct script *script,
                                   const char *name);

/* Runs it and prints the trace (memory_machine.c). */
void script_run(const struct script *given);

/* Whether the words fit an operation; else why not, in why
 * (memory_operations.c). */
const struct operation *operation_find(const char *name);
int operation_check(const struct script *in, const struct operation *operation,
                    char *const *words, int count, char *why, size_t room);

#endif
