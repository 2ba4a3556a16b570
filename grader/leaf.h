/* Leaf: the life of a case's process, apart from the one that watches it. */
#ifndef GRADER_LEAF_H
#define GRADER_LEAF_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grader/filter.h"
#include "grader/stub.h"

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

    // private: entries of the lab and of its stubs
    const struct stub *stubs;
    size_t stub_count;
    const volatile uint64_t *calls;
    int (*run)(int output, uint64_t seed, const char *name);
};

/* Loads the lab, all of it ours, and makes the filter. 0, or an enum
 * leaf_exit. */
int leaf_open(struct leaf *leaf, int lenient, unsigned long long seed);

/* In a process that will run a case: limits itself and filters its own system
 * calls. An enum leaf_exit. */
int leaf_enter(const struct leaf *leaf);

/* After that, while there is no part yet: does what any case needs, and has
 * the loader's pages touched, which costs a short case more than what it does.
 */
void leaf_get_ready(void);

/* Then loads part.so and runs a case, or several,
 * one after the other: "a+b+c". fill: the byte that fresh memory holds;
 * traced: enum order_trace. Returns an enum leaf_exit. */
int leaf_run_cases(const struct leaf *leaf, char *names, int fill, int traced);

#endif
