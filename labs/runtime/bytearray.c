#include "labs/runtime/bytearray.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/buffer.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"

static struct rt_bytearray *
as_bytearray(struct rt_object *object)
{
    assert(rt_bytearray_check(object));
    return (struct rt_bytearray *)object;
}

static void
bytearray_dealloc(struct rt_object *object)
{
    struct rt_bytearray *self = as_bytearray(object);
    assert(self->exports == 0 && "a buffer holds a reference");
    rt_free(self->bytes);
    rt_free(self);
}

static int
bytearray_equal(struct rt_object *a, struct rt_object *b)
{
    size_t size = rt_bytearray_size(a);
    return size == rt_bytearray_size(b) &&
           (size == 0 ||
            memcmp(rt_bytearray_data(a), rt_bytearray_data(b), size) == 0);
}

static int
bytearray_get_buffer(struct rt_object *object, struct rt_buffer *buffer)
{
    struct rt_bytearray *self = as_bytearray(object);
    buffer->bytes = self->bytes;
    buffer->size = self->size;
    buffer->readonly = false;
    self->exports++;
    return 0;
}

static void
bytearray_release_buffer(struct rt_object *object)
{
    as_bytearray(object)->exports--;
}

static struct rt_object *
bytearray_copy(struct rt_object *object)
{
    return rt_bytearray_new(rt_bytearray_data(object),
                            rt_bytearray_size(object));
}

static struct rt_object *
bytearray_deepcopy(struct rt_object *object, struct rt_copy_memo *memo)
{
    struct rt_object *copy = bytearray_copy(object);
    if (copy != NULL && rt_copy_memo_add(memo, object, copy) != 0) {
        rt_clear(&copy);
    }
    return copy;
}

static const struct rt_type bytearray_type = {
    .name = "bytearray",
    .basicsize = sizeof(struct rt_bytearray),
    .dealloc = bytearray_dealloc,
    .hash = rt_hash_refused,
    .equal = bytearray_equal,
    .copy = bytearray_copy,
    .deepcopy = bytearray_deepcopy,
    .get_buffer = bytearray_get_buffer,
    .release_buffer = bytearray_release_buffer,
};

struct rt_object *
rt_bytearray_new(const void *bytes, size_t size)
{
    struct rt_object *object = rt_object_new(&bytearray_type);
    if (object == NULL) {
        return NULL;
    }
    struct rt_bytearray *self = (struct rt_bytearray *)object;
    self->bytes = NULL;
    self->size = self->allocated = self->exports = 0;
    if (rt_bytearray_extend(object, bytes, size) != 0) {
        rt_clear(&object);
    }
    return object;
}

/* How much to allocate for so many bytes, given what there is: a small step
 * beyond the room hints at more of them, so it gets an eighth on top; a large
 * one is taken at its word, and so is one down to less than half. */
static size_t
room_for(size_t size, size_t allocated)
{
    if (size < allocated) {
        return size < allocated / 2 ? size + 1 : allocated;
    }
    bool small_step = size <= allocated + allocated / 8;
    return size + (small_step ? (size >> 3) + (size < 9 ? 3 : 6) : 1);
}

int
rt_bytearray_resize(struct rt_object *bytearray, size_t size)
{
    struct rt_bytearray *self = as_bytearray(bytearray);
    if (size == self->size) {
        return 0;
    }
    if (self->exports > 0) {
        return rt_error_set(
            RT_ERROR_BUFFER,
            "Existing exports of data: object cannot be re-sized");
    }
    size_t room =
        size > PTRDIFF_MAX / 2 ? SIZE_MAX : room_for(size, self->allocated);
    if (room != self->allocated) {
        unsigned char *bytes = rt_realloc(self->bytes, room);
        if (bytes == NULL) {
            rt_error_no_memory();
            return -1;
        }
        self->bytes = bytes;
        self->allocated = room;
    }
    self->size = size;
    self->bytes[size] = 0;
    return 0;
}

int
rt_bytearray_extend(struct rt_object *bytearray, const void *bytes,
                    size_t size)
{
    size_t old_size = rt_bytearray_size(bytearray);
    if (size > SIZE_MAX - old_size) {
        rt_error_no_memory();
        return -1;
    }
    if (rt_bytearray_resize(bytearray, old_size + size) != 0) {
        return -1;
    }
    if (size > 0) {
        memcpy(rt_bytearray_data(bytearray) + old_size, bytes, size);
    }
    return 0;
}

unsigned char *
rt_bytearray_data(struct rt_object *bytearray)
{
    return as_bytearray(bytearray)->bytes;
}

size_t
rt_bytearray_size(const struct rt_object *bytearray)
{
    assert(rt_bytearray_check(bytearray));
    return ((const struct rt_bytearray *)bytearray)->size;
}

bool
rt_bytearray_check(const struct rt_object *object)
{
    return object->ob_type == &bytearray_type;
}
