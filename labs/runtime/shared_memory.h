/* Shared memory: bytes with a name, which any process may see
 * (multiprocessing.shared_memory.SharedMemory).
 *
 * After CPython 3.12: Lib/multiprocessing/shared_memory.py. It is a bytes-like
 * object (buffer.h): a view (view.h) reads and writes it, one that was cast as
 * an array of numbers. Nobody guards it; see process_semaphore.h.
 *
 * Closing is for this process, unlinking for all: the name is gone at once,
 * the memory when the last has closed it. Who creates it, unlinks it; if that
 * process is killed, resource_tracker.h does. Who only attaches is not
 * tracked, as with track=False of 3.13; in 3.12 the end of one that attached
 * could take the memory away from all. */
#ifndef LABS_RUNTIME_SHARED_MEMORY_H
#define LABS_RUNTIME_SHARED_MEMORY_H

#include <stddef.h>

#include "labs/runtime/object.h"

enum {
    RT_SHARED_MEMORY_NAME_BYTES = 200
};

/* New memory of this size, all bytes 0; name, without a slash, NULL for one
 * that nobody has: "psm_" and eight digits. NULL with a pending error: an OS
 * error, there is such a name; a value error for a size of 0 or a long name;
 * no memory. */
struct rt_object *rt_shared_memory_create(const char *name, size_t size);

/* The memory of this name. NULL with a pending error: an OS error, there is
 * none. */
struct rt_object *rt_shared_memory_attach(const char *name);

const char *rt_shared_memory_name(const struct rt_object *object);
size_t rt_shared_memory_size(const struct rt_object *object); // in bytes

/* Lets go of the memory, as the object's death does; a second time nothing
 * happens. 0, or -1 with a pending buffer error while somebody has a view. */
int rt_shared_memory_close(struct rt_object *object);

/* Takes the name away. 0, or -1 with a pending OS error: it is gone. */
int rt_shared_memory_unlink(struct rt_object *object);

#endif
