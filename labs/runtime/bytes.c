#include "labs/runtime/bytes.h"

#include <assert.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/buffer.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"

static struct rt_bytes *
as_bytes(struct rt_object *object)
{
    assert(rt_bytes_check(object));
    return (struct rt_bytes *)object;
}

static void
bytes_dealloc(struct rt_object *object)
{
    rt_free(object);
}

static int
bytes_hash(struct rt_object *object, int64_t *hash)
{
    struct rt_bytes *self = as_bytes(object);
    if (self->hash == -1) {
        self->hash = rt_hash_bytes(self->bytes, self->size);
    }
    *hash = self->hash;
    return 0;
}

static int
bytes_equal(struct rt_object *a, struct rt_object *b)
{
    const struct rt_bytes *left = as_bytes(a);
    const struct rt_bytes *right = as_bytes(b);
    return left->size == right->size &&
           memcmp(left->bytes, right->bytes, left->size) == 0;
}

/* Bytes never move, so nobody counts who looks at them. */
static int
bytes_get_buffer(struct rt_object *object, struct rt_buffer *buffer)
{
    struct rt_bytes *self = as_bytes(object);
    buffer->bytes = self->bytes;
    buffer->size = self->size;
    buffer->readonly = true;
    return 0;
}

static const struct rt_type bytes_type = {
    .name = "bytes",
    .basicsize = offsetof(struct rt_bytes, bytes) + 1,
    .dealloc = bytes_dealloc,
    .hash = bytes_hash,
    .equal = bytes_equal,
    .get_buffer = bytes_get_buffer,
};

struct rt_object *
rt_bytes_new(const void *bytes, size_t size)
{
    if (size > PTRDIFF_MAX - bytes_type.basicsize) {
        return rt_error_no_memory();
    }
    struct rt_bytes *self = rt_alloc(bytes_type.basicsize + size);
    if (self == NULL) {
        return rt_error_no_memory();
    }
    rt_object_init(&self->base, &bytes_type);
    self->size = size;
    self->hash = -1;
    if (bytes != NULL) {
        memcpy(self->bytes, bytes, size);
    }
    self->bytes[size] = 0;
    return &self->base;
}

unsigned char *
rt_bytes_data(struct rt_object *bytes)
{
    return as_bytes(bytes)->bytes;
}

size_t
rt_bytes_size(const struct rt_object *bytes)
{
    assert(rt_bytes_check(bytes));
    return ((const struct rt_bytes *)bytes)->size;
}

bool
rt_bytes_check(const struct rt_object *object)
{
    return object->ob_type == &bytes_type;
}
