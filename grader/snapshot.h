/* Snapshot: the variables of shared objects, put back as they were.
 *
 * So several cases can run in one process and each finds what it would find in
 * a fresh one, but for the C library's and the heap's state. Good for looking
 * for defects, not for a verdict. */
#ifndef GRADER_SNAPSHOT_H
#define GRADER_SNAPSHOT_H

#include <stddef.h>

enum {
    SNAPSHOT_OBJECTS = 2 // at most
};

/* Remembers the variables of objects, handles of dlopen(). 0, or -1 without
 * memory, or when there are so many that it would take long. */
int snapshot_take(void *const *objects, size_t count);

/* Puts them back. */
void snapshot_restore(void);

#endif
