/* Rules: what the kernel answers to each system call, and the program that
 * looks a call up (seccomp). */
#ifndef GRADER_RULES_H
#define GRADER_RULES_H

#include <linux/filter.h>
#include <stddef.h>

enum {
    RULES_CALLS = 512, // numbers that can have an answer of their own
    RULES_STEPS = 255  // that a program can have: no jump goes farther
};

/* A few steps of a program, of which each way through ends with BPF_RET. They
 * may look at the call's arguments. */
struct rules_answer {
    const struct sock_filter *steps;
    size_t count;
};

struct rules {
    struct rules_answer of[RULES_CALLS];
    struct rules_answer others; // calls with higher numbers
    struct rules_answer alien;  // calls by the numbers of another machine
};

/* Writes the program for these rules. Returns its length in steps, or 0 when
 * there is no room for it. */
size_t rules_compile(const struct rules *rules,
                     struct sock_filter program[RULES_STEPS]);

#endif
