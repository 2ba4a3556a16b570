/* Content: questions, topics, labs and synonyms, from YAML to structs.
 *
 * The only place that knows the files' shape; content/schema.json says the
 * same to editors. Every fault has file, line, column, what was found and
 * what was expected, and all faults of a file are reported. */
#ifndef QUIZ_IO_CONTENT_H
#define QUIZ_IO_CONTENT_H

#include <stddef.h>

#include "quiz/core/lab.h"

struct arena;
struct bank;
struct error;

enum fault_severity {
    FAULT_ERROR,
    FAULT_WARNING
};

struct fault {
    enum fault_severity severity;
    char *file;       // as opened
    int line, column; // 1-based
    char *message;    // in the chosen language
};

/* What is wrong with the files read; in the order found. */
struct faults {
    struct fault *items;
    size_t count;
};
void faults_release(struct faults *faults); // a zeroed one is fine

/* Reads every *.yaml of folder/questions in name order into bank. Returns 0
 * when all is well; -1 with err (a summary whose first line is the first
 * fault as file:line:column: message) otherwise. Faults are added to faults
 * unless it is NULL. Questions without faults are in the bank either way. */
int content_load_bank(const char *folder, struct bank *bank,
                      struct faults *faults, struct error *err);

/* Reads one file of questions; the same rules. */
int content_load_file(const char *path, struct bank *bank,
                      struct faults *faults, struct error *err);

/* Reads one lab.yaml into arena; *lab is borrowed from it. */
int content_load_lab(const char *path, struct arena *arena,
                     const struct lab **lab, struct faults *faults,
                     struct error *err);

/* Synonym groups by name. */
struct synonym_group {
    const char *name;
    struct strings words; // words, x* prefixes, phrases with spaces
};
struct synonyms {
    const struct synonym_group *groups;
    size_t count;
};
int content_load_synonyms(const char *path, struct arena *arena,
                          struct synonyms *synonyms, struct faults *faults,
                          struct error *err);

#endif
