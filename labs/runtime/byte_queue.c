#include "labs/runtime/byte_queue.h"

#include <assert.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/error.h"

enum {
    LEAST_ROOM = 256,
    MOST_KEPT = 64 * 1024 // bytes of an empty queue
};

/* Room for so many more behind the last one. */
static int
make_room(struct rt_byte_queue *queue, size_t more)
{
    if (queue->first + queue->size + more <= queue->room) {
        return 0;
    }
    if (queue->size + more > queue->room / 2) {
        size_t room = 2 * (queue->size + more) + LEAST_ROOM;
        unsigned char *memory = rt_realloc(queue->memory, room);
        if (memory == NULL) {
            rt_error_no_memory();
            return -1;
        }
        queue->memory = memory;
        queue->room = room;
    }
    memmove(queue->memory, queue->memory + queue->first, queue->size);
    queue->first = 0;
    return 0;
}

int
rt_byte_queue_put(struct rt_byte_queue *queue, const void *bytes, size_t size)
{
    if (make_room(queue, size) != 0) {
        return -1;
    }
    memcpy(queue->memory + queue->first + queue->size, bytes, size);
    queue->size += size;
    return 0;
}

const unsigned char *
rt_byte_queue_bytes(const struct rt_byte_queue *queue)
{
    return queue->memory + queue->first;
}

void
rt_byte_queue_drop(struct rt_byte_queue *queue, size_t size)
{
    assert(size <= queue->size);
    queue->first += size;
    queue->size -= size;
    if (queue->size == 0) {
        queue->first = 0;
        if (queue->room > MOST_KEPT) {
            rt_byte_queue_clear(queue);
        }
    }
}

struct rt_object *
rt_byte_queue_take(struct rt_byte_queue *queue, size_t size)
{
    assert(size <= queue->size);
    struct rt_object *bytes = rt_bytes_new(
        size > 0 ? rt_byte_queue_bytes(queue) : (const unsigned char *)"",
        size);
    if (bytes != NULL) {
        rt_byte_queue_drop(queue, size);
    }
    return bytes;
}

void
rt_byte_queue_clear(struct rt_byte_queue *queue)
{
    rt_free(queue->memory);
    *queue = (struct rt_byte_queue){0};
}
