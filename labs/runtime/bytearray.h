/* Bytearray: bytes that change, and grow.
 *
 * After CPython 3.12: Objects/bytearrayobject.c. While somebody has a buffer
 * of it (see buffer.h), the bytes may change but not their number: growing
 * could move them away under the other's eyes. */
#ifndef LABS_RUNTIME_BYTEARRAY_H
#define LABS_RUNTIME_BYTEARRAY_H

#include <stdbool.h>
#include <stddef.h>

#include "labs/runtime/object.h"

struct rt_bytearray {
    struct rt_object base;
    unsigned char *bytes; // NULL while nothing is allocated
    size_t size;
    size_t allocated; // bytes there is room for, one for a zero behind them
    size_t exports;   // buffers that are out (ob_exports)
};

/* A new bytearray, a copy of these bytes. NULL with a pending memory error. */
struct rt_object *rt_bytearray_new(const void *bytes, size_t size);

/* Borrowed until the size changes; only for bytearrays. */
unsigned char *rt_bytearray_data(struct rt_object *bytearray);
size_t rt_bytearray_size(const struct rt_object *bytearray);

/* Makes it this long; bytes that come in have no defined value. 0, or -1 with
 * a pending error: a buffer error while buffers are out, or no memory
 * (PyByteArray_Resize). */
int rt_bytearray_resize(struct rt_object *bytearray, size_t size);

/* Adds bytes at the end. bytes must not lie in the bytearray itself. 0, or -1
 * as above. */
int rt_bytearray_extend(struct rt_object *bytearray, const void *bytes,
                        size_t size);

bool rt_bytearray_check(const struct rt_object *object); // whether it is one

#endif
