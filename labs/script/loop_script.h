/* Loop script: a small program about scheduling, read and checked as a whole
 * before its first line runs.
 *
 * One operation a line, words separated by blanks, # starts a comment; some
 * operations open a block, which `end` closes. tests/conformance/README.md
 * describes the language. */
#ifndef LABS_SCRIPT_LOOP_SCRIPT_H
#define LABS_SCRIPT_LOOP_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

struct loop_operation; // how it is run; see loop_machine.h

/* The parts of a `try`; all others have a body only, if any. */
enum loop_part {
    LOOP_BODY,
    LOOP_CANCELLED,
    LOOP_EXCEPT,
    LOOP_FINALLY,
    LOOP_PARTS
};

/* One operation. */
struct loop_node {
    const struct loop_operation *operation; // NULL: a declaration
    const char *name;                       // the line's first word
    char **words;                           // the others
    int count;                              // of them
    int line;                               // 1-based
    bool has[LOOP_PARTS];
    struct loop_node *first[LOOP_PARTS]; // of each part's block
    struct loop_node *next;              // in the same block
};

struct loop_script {
    struct loop_node *declarations; // in the order of the script
    char *text;                     // that all words point into
};

/* Reads a script; text is taken over. 0, or -1 with a message of why not. */
int loop_script_parse(struct loop_script *script, char *text, char *why,
                      size_t room);
void loop_script_release(struct loop_script *script);

/* The declaration of this kind and name, or NULL. kinds is a list of words
 * separated by blanks. */
const struct loop_node *loop_script_find(const struct loop_script *script,
                                         const char *kinds, const char *name);

/* Runs it on an event loop and prints the trace; with_turns puts the number of
 * the loop's turn before each line (loop_machine.c). */
void loop_script_run(const struct loop_script *script, bool with_turns);

#endif
