/* Leaf: the life of a case's process, apart from the one that watches it. */
#ifndef GRADER_LEAF_H
#define GRADER_LEAF_H

#include <limits.h>
#include <stdbool.h>

#include "grader/filter.h"

enum {
    LEAF_STREAM = 3, // what the case observes, behind a byte that says that
                     // the part was loaded
    LEAF_LOG = 4     // what the learner prints, and the sanitizers
};

/* What all cases have in common. */
struct leaf {
    struct filter *filter;
    void *lab;           // handle of lab.so, whose stubs wait for a part
    char part[PATH_MAX]; // where its file will be
    unsigned long long seed;
    bool may_call; // the part may make system calls of its own
};

/* Loads the lab, all of it ours, and makes the filter. 0, or an enum
 * leaf_exit. */
int leaf_open(struct leaf *leaf, int lenient, unsigned long long seed);

/* In a process that will run a case: limits itself and filters its own system
 * calls. An enum leaf_exit. */
int leaf_enter(const struct leaf *leaf);

/* After that: loads part.so and runs a case, or several,
 * one after the other: "a+b+c". fill: the byte that fresh memory holds;
 * traced: enum order_trace. Returns an enum leaf_exit. */
int leaf_run_cases(const struct leaf *leaf, char *names, int fill, int traced);

#endif
