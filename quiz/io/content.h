/* Content: questions, topics, labs and synonyms, from YAML to structs.
 *
 * The only place that knows the files' shape; content/schema.json says the
 * same to editors. Every fault has file, line, column, what was found and
 * what was expected, and all faults of a file are reported. */
#ifndef QUIZ_IO_CONTENT_H
#define QUIZ_IO_CONTENT_H

#include <stddef.h>

#include "quiz/core/coverage.h"
#include "quiz/core/glossary.h"
#include "quiz/core/lab.h"
#include "quiz/core/syllabus.h"
#include "quiz/core/synonyms.h"
#include "quiz/io/ydoc.h"

struct arena;
struct bank;
struct error;

/* Reads every *.yaml of folder/questions in name order into bank. Returns 0
 * when all is well; -1 with err (a summary whose first line is the first
 * fault as file:line:column: message) otherwise. Faults are added to faults
 * unless it is NULL. Questions without faults are in the bank either way. */
int content_load_bank(const char *folder, struct bank *bank,
                      struct faults *faults, struct error *err);

/* Reads one file of questions; the same rules, but whether follow-ups lead
 * anywhere is not asked. */
int content_load_file(const char *path, struct bank *bank,
                      struct faults *faults, struct error *err);

/* Reads one lab.yaml into arena; *lab is borrowed from it. */
int content_load_lab(const char *path, struct arena *arena,
                     const struct lab **lab, struct faults *faults,
                     struct error *err);

/* Reads synonyms.yaml into arena; the groups are borrowed from it. */
int content_load_synonyms(const char *path, struct arena *arena,
                          struct synonyms *synonyms, struct faults *faults,
                          struct error *err);

/* Reads topics.yaml into arena; the chapters are borrowed from it. */
int content_load_topics(const char *path, struct arena *arena,
                        struct syllabus *syllabus, struct faults *faults,
                        struct error *err);

/* Reads glossary.yaml into arena; the terms are borrowed from it. */
int content_load_glossary(const char *path, struct arena *arena,
                          struct glossary *glossary, struct faults *faults,
                          struct error *err);

/* Reads seeds.yaml into arena; the rows are borrowed from it. */
int content_load_seeds(const char *path, struct arena *arena,
                       struct seeds *seeds, struct faults *faults,
                       struct error *err);

#endif
