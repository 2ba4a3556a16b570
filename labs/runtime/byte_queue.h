/* Byte queue: bytes on their way, first in, first out.
 *
 * What a connection has received and nobody has read, and what was written and
 * not yet sent. Bytes that are taken leave a gap at the front, which is closed
 * when room is needed; so each byte moves a few times at most. A queue that is
 * empty keeps some memory for what comes next, but no more than a little. */
#ifndef LABS_RUNTIME_BYTE_QUEUE_H
#define LABS_RUNTIME_BYTE_QUEUE_H

#include <stddef.h>

/* Empty when zeroed. */
struct rt_byte_queue {
    unsigned char *memory;
    size_t first, size, room; // in bytes; the oldest is memory[first]
};

/* Adds a copy at the end. 0, or -1 with a pending memory error. */
int rt_byte_queue_put(struct rt_byte_queue *queue, const void *bytes,
                      size_t size);

/* The oldest one; the others follow. Borrowed until the queue changes. */
const unsigned char *rt_byte_queue_bytes(const struct rt_byte_queue *queue);

/* Forgets the oldest ones, which there must be. */
void rt_byte_queue_drop(struct rt_byte_queue *queue, size_t size);

/* Takes the oldest ones out: new bytes. NULL with a pending memory error, and
 * they are still there. */
struct rt_object *rt_byte_queue_take(struct rt_byte_queue *queue, size_t size);

/* Forgets all, and gives the memory back. */
void rt_byte_queue_clear(struct rt_byte_queue *queue);

#endif
