/* Content reader: YAML nodes into typed values, with a fault for each that is
 * not what was expected. Only io/content*.c uses it.
 *
 * Every read_ function returns 0, or -1 after adding a fault; a missing
 * (NULL) node is no fault here, the value just stays as it was: whether a
 * field may be missing is said in its struct field. */
#ifndef QUIZ_IO_CONTENT_READER_H
#define QUIZ_IO_CONTENT_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "quiz/core/question.h"
#include "quiz/io/ydoc.h"

struct arena;

/* A question that another one names: whether it is there can only be said
 * when the whole bank is. */
struct reference {
    const char *file;
    int line, column;
    const char *from, *to; // ids
};

/* What a load must remember until its end. */
struct loading {
    struct reference *references;
    size_t reference_count;
    const char **faulty; // ids of questions that are there but left out
    size_t faulty_count;
};

struct reader {
    const char *file;
    struct arena *arena;
    struct faults *faults;
    struct loading *loading; // NULL for labs and synonyms
};

/* A fault at the node. Always returns -1. */
int reader_fault(const struct reader *reader, const struct ynode *node,
                 const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One field of a mapping. */
struct field {
    const char *name;
    bool required;
};

/* Looks the fields of a mapping up: values[i] is the node of fields[i], or
 * NULL. Unknown keys (with a suggestion), keys that stand twice and missing
 * ones are faults. Returns -1 only when node is no mapping at all. */
int read_map(const struct reader *reader, const struct ynode *node,
             const struct field *fields, size_t count,
             const struct ynode **values);

/* 0 if node is a list of at least least items. */
int read_list(const struct reader *reader, const struct ynode *node,
              size_t least);

/* A text that is not empty (blank space does not count). */
int read_text(const struct reader *reader, const struct ynode *node,
              const char **text);
/* An id: lower-case letters, digits and hyphens (also '_' if underscore). */
int read_id(const struct reader *reader, const struct ynode *node,
            bool underscore, const char **id);
int read_bool(const struct reader *reader, const struct ynode *node,
              bool *value);
int read_int(const struct reader *reader, const struct ynode *node, int low,
             int high, int *value);
int read_double(const struct reader *reader, const struct ynode *node,
                double low, double high, double *value);
/* One of names; *value is its place. */
int read_name(const struct reader *reader, const struct ynode *node,
              const char *const *names, size_t count, int *value);
/* A list of texts, or a single text for a list of one. */
int read_strings(const struct reader *reader, const struct ynode *node,
                 struct strings *strings);
/* {en: …, ru: …}; both are needed. */
int read_bilingual(const struct reader *reader, const struct ynode *node,
                   struct bilingual *text);
/* The same from fields that were looked up already; at is where a missing one
 * is reported. */
int read_both(const struct reader *reader, const struct ynode *at,
              const struct ynode *const *both, struct bilingual *text);
/* A list for both languages, or {en: list, ru: list}. */
int read_accepted(const struct reader *reader, const struct ynode *node,
                  struct accepted *accepted);
/* A list of bilingual texts. */
int read_bilinguals(const struct reader *reader, const struct ynode *node,
                    size_t least, const struct bilingual **texts,
                    size_t *count);

#endif
