/* Trace state: what the files behind trace.h share.
 *
 *   trace.c         which block has which trace, and the hook
 *   trace_frames.c  where the program is: frames and tracebacks */
#ifndef LABS_RUNTIME_TRACE_STATE_H
#define LABS_RUNTIME_TRACE_STATE_H

#include <stddef.h>

struct rt_traceback;

/* The one traceback of where the program is, with at most that many frames;
 * borrowed until rt_traceback_clear(). NULL without memory (traceback_new). */
struct rt_traceback *rt_traceback_here(size_t frame_limit);

/* Forgets all tracebacks that nobody has a reference to. */
void rt_traceback_clear(void);

/* The bytes that all of them take. */
size_t rt_traceback_overhead(void);

#endif
