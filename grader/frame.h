/* Frame: how the grader and the leaf talk. The grader gives orders over one
 * pipe, the leaf answers each with one frame per case over another; before the
 * first it says with a frame that it is ready. Both ends are built together,
 * so structs go over the pipes as they are. */
#ifndef GRADER_FRAME_H
#define GRADER_FRAME_H

#include <stdint.h>

enum {
    FRAME_CASES = 128, // at most in one order
    FRAME_LANES = 2    // cases that run side by side, at most
};

enum frame_flag {
    FRAME_TIMED_OUT = 1,
    FRAME_OVER_OUTPUT = 2, // of the stream or of the log
    FRAME_SKIPPED = 4,     // not started
    FRAME_STARVED = 8,     // timed out, but for want of a processor
    FRAME_HAD_PART = 16,   // what its exit code says of the part is not true
    FRAME_READY = 32       // not of a case: the leaf waits for orders
};

enum order_trace {
    ORDER_TRACE_MEMORY = 1, // what is left of the runtime's memory
    ORDER_TRACE_CALLS = 2   // how many calls are done, looked at often
};

/* Behind it come text_bytes of lines "NAME TIME_MS NEEDED...". A NAME such as
 * "a+b" stands for several cases that run in one process, and have one frame;
 * none needs them, and they need none. TIME_MS is the
 * processor's time that a case may use: what it takes on the clock depends on
 * what else the machine does. On the clock it may take wait_ms more, not
 * counting when it was ready to run and no processor was free. Where that is
 * not known (delay.h), it may hardly use the processor for wait_ms. Both are
 * time-outs. A case is skipped when one that it needs did not end by
 * returning, and when `hangs` cases have timed out. */
struct order {
    uint32_t magic; // FRAME_MAGIC
    uint32_t text_bytes;
    uint32_t lanes;
    uint32_t hangs;
    uint32_t wait_ms;
    uint32_t fill;   // the byte that fresh memory and the stack hold
    uint32_t traced; // enum order_trace
};

/* Behind it come the stream and the log of the case. */
struct frame {
    uint32_t magic; // FRAME_MAGIC
    uint32_t which; // line of the order, from 0
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
    LEAF_NO_ROOM = 89, // nor is there so much memory
    LEAF_NO_LAB = 92,
    LEAF_NO_CASE = 93,
    LEAF_SANITIZER = 87 // a sanitizer has spoken
};

#endif
