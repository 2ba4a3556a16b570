/* Box: what becomes of a process before it is the program of a sandbox. */
#ifndef GRADER_BOX_H
#define GRADER_BOX_H

#include <stdbool.h>
#include <sys/types.h>

#include "grader/sandbox.h"

struct box {
    const struct sandbox_task *task;
    bool is_root;       // the caller
    bool is_open;       // without namespaces
    bool has_landlock;  // this kernel
    uid_t user;         // that the program runs as
    const char *folder; // of the machine, for an open one; else NULL
    int go;             // a byte comes when everything outside is ready
    int out, err, failed;
};

/* Makes the box around this process, alone in its namespaces, and becomes the
 * task's program. What hinders it is written to failed. */
__attribute__((noreturn)) void box_become(const struct box *box);

#endif
