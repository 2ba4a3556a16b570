/* View state: what the files behind view.h share.
 *
 *   view.c        a view's life: made, released, lent on
 *   view_items.c  from indices to an item, and slices
 *   view_cast.c   formats, and other shapes of the same bytes
 *   view_copy.c   walking over all items: copies, equality */
#ifndef LABS_RUNTIME_VIEW_STATE_H
#define LABS_RUNTIME_VIEW_STATE_H

#include <assert.h>

#include "labs/runtime/view.h"

/* What items are, by the letters of the struct module. */
struct rt_view_format {
    char letter;
    size_t size; // in bytes
    int64_t least, most;
};

/* The format of this letter, or NULL. */
const struct rt_view_format *rt_view_format_of(char letter);

/* The number that these bytes spell (unpack_single). */
int64_t rt_view_unpack(const struct rt_view_format *format,
                       const unsigned char *item);

/* 0, or -1 with a pending error for a released view (CHECK_RELEASED). */
int rt_view_check_released(const struct rt_view *view);

/* A view of managed, or NULL with a pending error; shape and strides are the
 * caller's to fill in (mbuf_add_view). */
struct rt_view *rt_view_add(struct rt_managed_buffer *managed,
                            const struct rt_view_format *format,
                            size_t dimensions);

/* Another view with the same numbers, or NULL with a pending error. */
struct rt_object *rt_view_like(const struct rt_view *view);

/* The type's equal slot: the same shape and values. A released view is equal
 * to itself only (memory_richcompare). */
int rt_view_equal(struct rt_object *left, struct rt_object *right);

static inline struct rt_view *
rt_view_of(struct rt_object *object)
{
    assert(rt_view_check(object));
    return (struct rt_view *)object;
}

static inline int64_t *
rt_view_strides(struct rt_view *view)
{
    return view->numbers + view->dimensions;
}

#endif
