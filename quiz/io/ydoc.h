/* Ydoc: a YAML file as a tree of nodes with positions (libyaml), and the list
 * of what is wrong with it.
 *
 * One document per file. Refused with a message: anchors and aliases (so no
 * small file grows large), tags, merge keys, nesting deeper than
 * YDOC_DEPTH, scalars over YDOC_SCALAR_BYTES, control characters. */
#ifndef QUIZ_IO_YDOC_H
#define QUIZ_IO_YDOC_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum {
    YDOC_DEPTH = 32,
    YDOC_SCALAR_BYTES = 64 * 1024,
    YDOC_FILE_BYTES = 8 * 1024 * 1024,
    YDOC_FAULTS = 200 // of one list; later ones are only counted
};

enum fault_severity {
    FAULT_ERROR,
    FAULT_WARNING
};

struct fault {
    enum fault_severity severity;
    char *file;       // as opened
    int line, column; // 1-based; the column counts characters
    char *message;    // in the chosen language
};

/* What is wrong with the files read, in the order found. */
struct faults {
    struct fault *items;
    size_t count;
    size_t errors; // how many are errors, those not kept included
    size_t left_out;
    size_t limit; // how many are kept; 0: YDOC_FAULTS
};

void faults_release(struct faults *faults); // a zeroed one is fine
void faults_add(struct faults *faults, enum fault_severity severity,
                const char *file, int line, int column, const char *format,
                ...) __attribute__((format(printf, 6, 7)));

enum ynode_kind {
    YNODE_SCALAR,
    YNODE_LIST,
    YNODE_MAP
};

struct ynode {
    enum ynode_kind kind;
    int line, column;           // 1-based
    bool plain;                 // a scalar without quotes and not a block
    bool faulty;                // it, or something in it, is in the faults
    bool cut;                   // the file cannot be read beyond its items
    const char *text;           // of a scalar, terminated
    size_t length;              // of text, in bytes
    const struct ynode **items; // of a list; of a map key, value, key, …
    size_t count;               // of items; twice the pairs of a map
};

/* The tree of a file's bytes, in arena, borrowed from it; NULL when there is
 * none. A faulty node (an alias, say) is added to faults and stands in the
 * tree as an empty scalar. After a syntax error, a mapping at the root and a
 * list in it are there with the whole items before the error, marked as cut.
 */
const struct ynode *ydoc_parse(struct arena *arena, const char *file,
                               const char *bytes, size_t length,
                               struct faults *faults);

#endif
