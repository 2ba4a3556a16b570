/* Trace: remembers where each block of memory was allocated.
 *
 * After CPython 3.12: Modules/_tracemalloc.c. Started, it puts itself between
 * rt_alloc() and the allocator at work (see rt_alloc_set()) and keeps a trace
 * of every live block: its size, and the places in the program that led there.
 * Where the program is, it is told: whoever plays the interpreter pushes a
 * frame for each call. Snapshots and what can be read from them are in
 * snapshot.h. A trace has a domain, a number that says whose memory it is; 0
 * is rt_alloc()'s.
 *
 * Its own memory comes from malloc, so that it does not trace itself.
 * Guarded by the GIL; the frames are each thread's own. */
#ifndef LABS_RUNTIME_TRACE_H
#define LABS_RUNTIME_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "labs/runtime/hashtable.h"

/* --- where the program is ------------------------------------------------ */

/* A line of the program. file is borrowed and stays as long as anything is
 * traced; a string literal is best. */
struct rt_frame {
    const char *file;
    int line;
};

/* A call begins in this line, or ends. 0, or -1 with a pending memory error;
 * then nothing was pushed. */
int rt_trace_push_frame(const char *file, int line);
void rt_trace_pop_frame(void);

/* The innermost call has come to this line. */
void rt_trace_set_line(int line);

/* The frames that led to an allocation, as many as are kept of them, the most
 * recent call first (traceback_t). Equal ones are one and the same. */
struct rt_traceback {
    struct rt_hash_entry entry; // private to trace_frames.c
    size_t references;          // the traces' one, and those of snapshots
    size_t total_frames;        // that there were
    size_t frame_count;         // that are kept, at least 1
    struct rt_frame frames[];
};

/* A new reference: the same pointer. And gives one back. */
struct rt_traceback *rt_traceback_share(struct rt_traceback *traceback);
void rt_traceback_release(struct rt_traceback *traceback);

/* --- tracing ------------------------------------------------------------- */

/* Traces from now on, with that many frames each; already started, nothing
 * happens. 0, or -1 with a pending value error if frames is not in 1..65535
 * (tracemalloc.start). */
int rt_trace_start(int frames);

/* Stops and forgets all traces. Allocators that were set after the start must
 * be out again (tracemalloc.stop). */
void rt_trace_stop(void);

bool rt_trace_is_tracing(void);
int rt_trace_frame_limit(void); // 1 before the first start

/* Forgets all traces of blocks so far, and starts both sums at 0. */
void rt_trace_clear(void);

/* The bytes of all traced blocks, and the most that they ever were; and sets
 * the latter to the former (tracemalloc.get_traced_memory, reset_peak). */
size_t rt_trace_current(void);
size_t rt_trace_peak(void);
void rt_trace_reset_peak(void);

/* The bytes that tracing itself takes (get_tracemalloc_memory). */
size_t rt_trace_overhead(void);

/* --- traces -------------------------------------------------------------- */

/* Traces memory that rt_alloc() does not know, or forgets it again
 * (PyTraceMalloc_Track, PyTraceMalloc_Untrack). Tracked twice, the second
 * size and place hold; untracked twice, nothing happens. 0, -1 without memory
 * for the trace, -2 if nothing is traced at present. */
int rt_trace_track(unsigned domain, uintptr_t address, size_t size);
int rt_trace_untrack(unsigned domain, uintptr_t address);

/* The block, kept in a free list since its last object died, is a new object
 * from here on (_PyTraceMalloc_NewReference). */
void rt_trace_new_reference(const void *block);

/* Where the block was allocated, borrowed until the traces are cleared; NULL
 * if it is not traced (tracemalloc.get_object_traceback). */
const struct rt_traceback *rt_trace_of(const void *block);

/* Writes that, or how to get it, as CPython does when it finds damage
 * (_PyMem_DumpTraceback). */
void rt_trace_dump(const void *block, FILE *output);

/* Calls visit with each trace, in no order. visit must not allocate with
 * rt_alloc(). */
void rt_trace_each(void (*visit)(unsigned domain, size_t size,
                                 struct rt_traceback *traceback, void *data),
                   void *data);
size_t rt_trace_count(void);

#endif
