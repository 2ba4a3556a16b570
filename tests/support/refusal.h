/* Refusal: a machine that lacks something, for the rest of this process and
 * all that it starts. The kernel itself says no, by a filter of system calls;
 * so do this in a process that is a test's own. */
#ifndef TESTS_SUPPORT_REFUSAL_H
#define TESTS_SUPPORT_REFUSAL_H

enum refusal {
    REFUSAL_OF_NAMESPACES = 1,
    REFUSAL_OF_LANDLOCK = 2,
    REFUSAL_OF_BOOKS = 4 // a view of processes of one's own (/proc)
};

/* Refuses these (enum refusal). 0, or -1. */
int refusal_begin(unsigned of);

#endif
