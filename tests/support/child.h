/* Child: runs a function in a process of its own and keeps what it said. For
 * what ends a process, and for what is decided once in a process. */
#ifndef TESTS_SUPPORT_CHILD_H
#define TESTS_SUPPORT_CHILD_H

#include <sys/types.h>

struct child_result {
    int status;      // exit status; 128 + signal if it was killed
    char said[8192]; // on stdout and stderr, terminated; the rest is lost
};

/* Runs the function with data in a child process, which then exits with 0.
 * Neither the caller's buffered output nor its exit handlers come along. */
struct child_result child_run(void (*run)(void *data), void *data);

/* The first children of a process, as many as there is room for. Returns how
 * many; 0 also where the machine keeps no such books. */
int child_list(pid_t parent, pid_t *children, int room);

#endif
