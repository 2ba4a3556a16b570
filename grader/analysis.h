/* Analysis: memory that is read and was never written, as gcc's analyzer sees
 * it. No run shows it: fresh memory of the runtime holds the same bytes each
 * time. It is asked only about a file that has failed, and is no verdict. */
#ifndef GRADER_ANALYSIS_H
#define GRADER_ANALYSIS_H

#include <stdbool.h>

#include "grader/buffer.h"
#include "grader/compile.h"
#include "grader/sandbox.h"

struct analysis {
    struct sandbox_task task;
    struct sandbox_file file;
    struct sandbox *sandbox; // NULL: none was started
};

/* Starts looking at a file, unless it takes no memory. The task's parts must
 * live until analysis_end(). */
void analysis_start(struct analysis *analysis,
                    const struct compile_task *what);

/* Waits, and adds a line about the first place to words, if there is one. A
 * zeroed analysis is fine. */
void analysis_end(struct analysis *analysis, struct buffer *words);

#endif
