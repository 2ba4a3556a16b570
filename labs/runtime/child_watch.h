/* Child watch: a future for the end of a process.
 *
 * After CPython 3.12: Lib/asyncio/unix_events.py, PidfdChildWatcher. A pidfd
 * is a descriptor that becomes readable when its process ends; so the loop
 * waits for it as for anything else, without a thread and without signals. */
#ifndef LABS_RUNTIME_CHILD_WATCH_H
#define LABS_RUNTIME_CHILD_WATCH_H

#include <sys/types.h>

struct rt_loop;
struct rt_object;

/* A new future of how a child of this process ends: an int, the status it
 * exits with, or the negative number of the signal that ends it; 255 if
 * somebody else has asked the system first. The child is waited for, so that
 * it leaves no zombie, also when the future is cancelled, as long as the loop
 * runs. NULL with a pending error: an OS error if there is no such process, no
 * memory, a closed loop. */
struct rt_object *rt_loop_watch_child(struct rt_loop *loop, pid_t child);

#endif
