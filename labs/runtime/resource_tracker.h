/* Resource tracker: a process that takes away what its clients have left
 * behind in the system.
 *
 * After CPython 3.12: Lib/multiprocessing/resource_tracker.py. Shared memory
 * with a name stays until somebody takes the name away; who is killed cannot.
 * So each name is told to a process that does nothing but wait:
 *
 *     +name, -name ---> tracker     whoever holds the other end: the process
 *                                   that started it, and all its children
 *
 * When the last of these is gone, however it ended, the tracker sees the end
 * of the pipe, takes away what is left, says so on stderr, and ends. */
#ifndef LABS_RUNTIME_RESOURCE_TRACKER_H
#define LABS_RUNTIME_RESOURCE_TRACKER_H

/* Adds or removes the name of shared memory, as shm_open() knows it. The first
 * of them starts the tracker, unless a parent has one. 0, or -1 with a pending
 * error: the system cannot. */
int rt_resource_tracker_register(const char *name);
int rt_resource_tracker_unregister(const char *name);

/* Lets go of the tracker: for this process and the children that it will have
 * there is none until the next name. */
void rt_resource_tracker_stop(void);

#endif
