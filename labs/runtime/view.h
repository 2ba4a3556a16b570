/* View: looks at another object's bytes without copying them (memoryview).
 *
 * After CPython 3.12: Objects/memoryobject.c. A view is a way to count through
 * bytes: where item 0 is, how many items there are in each dimension, and how
 * many bytes lie from one to the next. Slicing computes three new numbers and
 * copies nothing; a step back is a negative stride:
 *
 *   bytearray    | 0| 1| 2| 3| 4| 5| 6| 7|
 *   v[1:7:2]         ^     ^     ^          first 1, shape 3, stride 2
 *   v[::-1]      shape 8, stride -1      ^  first 7
 *
 * All views that were sliced or cast from one another share a single buffer of
 * the object, which is given back with the last of them. A released view can
 * do nothing any more; whatever is asked of it is a value error.
 *
 * Views do not take part in cycle collection: no object that lends its bytes
 * holds references. */
#ifndef LABS_RUNTIME_VIEW_H
#define LABS_RUNTIME_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "labs/runtime/buffer.h"
#include "labs/runtime/object.h"

enum {
    RT_VIEW_MAX_DIMENSIONS = 64 // PyBUF_MAX_NDIM
};

struct rt_view_format; // see view_state.h

/* The buffer that views share (_PyManagedBufferObject). */
struct rt_managed_buffer {
    struct rt_buffer buffer;
    size_t views; // that are not released
};

struct rt_view {
    struct rt_object base;
    struct rt_managed_buffer *managed;   // NULL: released
    size_t exports;                      // buffers that are out of this view
    unsigned char *first;                // the item whose indices are all 0
    const struct rt_view_format *format; // of the items: b B h H i I q
    size_t dimensions;                   // at least 1
    int64_t numbers[]; // the shape in items, then the strides in bytes
};

/* A new view of the object's bytes, one dimension of format 'B'; of a view,
 * another one like it. NULL with a pending error (memoryview). */
struct rt_object *rt_view_new(struct rt_object *object);
bool rt_view_check(const struct rt_object *object);

/* Lets go of the bytes. 0, also of a released view, or -1 with a pending
 * buffer error while somebody has a buffer of the view itself. */
int rt_view_release(struct rt_object *view);

/* --- structure; of views that are not released -------------------------- */

size_t rt_view_item_size(const struct rt_object *view); // in bytes
size_t rt_view_nbytes(const struct rt_object *view);    // of all items
int64_t rt_view_shape(const struct rt_object *view, size_t dimension);
int64_t rt_view_stride(const struct rt_object *view, size_t dimension);
bool rt_view_readonly(const struct rt_object *view);

/* Whether the items lie one behind the other, the last index fastest. */
bool rt_view_is_contiguous(const struct rt_object *view);

/* --- items -------------------------------------------------------------- */

/* The item at these indices, one for each dimension; negative ones count from
 * the end. Or puts a value there. 0, or -1 with a pending error: an index
 * error, a type error for the wrong number of indices or bytes that cannot
 * change, a value error for a value that the format has no room for. */
int rt_view_get(struct rt_object *view, const int64_t *indices, size_t count,
                int64_t *value);
int rt_view_set(struct rt_object *view, const int64_t *indices, size_t count,
                int64_t value);

/* --- other views of the same bytes -------------------------------------- */

/* Where a slice leaves a number out. */
#define RT_SLICE_NONE INT64_MIN

/* A new view of each step-th item of the first dimension, from start to
 * before stop, as view[start:stop:step]. NULL with a pending error. */
struct rt_object *rt_view_slice(struct rt_object *view, int64_t start,
                                int64_t stop, int64_t step);

/* A new view that reads the same bytes as items of this format's letter, in
 * one dimension, or in as many as shape has numbers. Only for contiguous
 * views, from or to single bytes. NULL with a pending error
 * (memoryview.cast). */
struct rt_object *rt_view_cast(struct rt_object *view, char letter,
                               const int64_t *shape, size_t dimensions);

/* --- copies ------------------------------------------------------------- */

/* New bytes: all items, the last index fastest. NULL with a pending error. */
struct rt_object *rt_view_to_bytes(struct rt_object *view);

/* Copies the items of source, a bytes-like object of the same structure, into
 * those of a view of one dimension; the two may overlap. 0, or -1 with a
 * pending error (view[:] = source). */
int rt_view_assign(struct rt_object *view, struct rt_object *source);

#endif
