/* Frame: how the leaf hands a case's outcome to the grader. One header per
 * case, in the order asked for, then its stream and its log. Both ends are
 * built together, so a struct goes over the pipe as it is. */
#ifndef GRADER_FRAME_H
#define GRADER_FRAME_H

#include <stdint.h>

enum frame_flag {
    FRAME_TIMED_OUT = 1,
    FRAME_OVER_OUTPUT = 2, // of the stream or of the log
    FRAME_SKIPPED = 4      // not started
};

struct frame {
    uint32_t magic; // FRAME_MAGIC
    uint32_t flags;
    int32_t status; // as of waitpid()
    uint32_t stream_bytes, log_bytes;
    uint32_t time_us; // of the processor
};

#define FRAME_MAGIC 0x4F75726FU // "Ouro"

/* Exit codes of a case's process that are not the learner's. */
enum leaf_exit {
    LEAF_DONE = 0,
    LEAF_NO_FILTER = 90,
    LEAF_NO_PART = 91, // the part cannot be loaded
    LEAF_NO_LAB = 92,
    LEAF_NO_CASE = 93,
    LEAF_SANITIZER = 87 // a sanitizer has spoken
};

#endif
