#include "labs/runtime/list_ops.h"

#include <assert.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/list.h"
#include "labs/runtime/list_room.h"
#include "labs/runtime/tuple.h"

static struct rt_list *
as_list(struct rt_object *object)
{
    assert(rt_list_check(object));
    return (struct rt_list *)object;
}

/* --- sources ------------------------------------------------------------- */

struct source {
    struct rt_object *const *items; // borrowed
    size_t count;
};

static struct source
source_of(struct rt_object *object)
{
    if (rt_tuple_check(object)) {
        const struct rt_tuple *tuple = (struct rt_tuple *)object;
        return (struct source){tuple->items, tuple->size};
    }
    const struct rt_list *list = as_list(object);
    return (struct source){list->items, list->size};
}

/* New references to each of them. */
static void
copy_items(struct rt_object **to, struct rt_object *const *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rt_xincref(from[i]);
        to[i] = from[i];
    }
}

/* A new list of these items with room for more; NULL with a pending error. */
static struct rt_object *
list_of(struct rt_object *const *items, size_t count, size_t room)
{
    struct rt_object *object = rt_list_new();
    if (object == NULL || room == 0) {
        return object;
    }
    struct rt_list *list = as_list(object);
    if (rt_list_reserve_exactly(list, room) < 0) {
        rt_decref(object);
        return NULL;
    }
    copy_items(list->items, items, count);
    list->size = count;
    return object;
}

/* Blocks come in steps of two pointers, so an odd number saves nothing. */
static size_t
even(size_t count)
{
    return (count + 1) & ~(size_t)1;
}

struct rt_object *
rt_list_from(struct rt_object *const *items, size_t count)
{
    return list_of(items, count, even(count));
}

/* --- growing ------------------------------------------------------------- */

int
rt_list_insert(struct rt_object *object, size_t index, struct rt_object *item)
{
    struct rt_list *list = as_list(object);
    size_t size = list->size;
    if (rt_list_resize(list, size + 1) < 0) {
        return -1;
    }
    size_t at = index < size ? index : size;
    struct rt_object **place = &list->items[at];
    memmove(place + 1, place, (size - at) * sizeof(*place));
    rt_xincref(item);
    *place = item;
    return 0;
}

int
rt_list_extend(struct rt_object *object, struct rt_object *source)
{
    struct rt_list *list = as_list(object);
    size_t size = list->size;
    size_t more = source_of(source).count;
    if (more == 0) {
        return 0;
    }
    if (list->items == NULL && rt_list_reserve_exactly(list, even(more)) < 0) {
        return -1;
    }
    if (rt_list_resize(list, size + more) < 0) {
        return -1;
    }
    // Only now: a list that is its own source has just moved.
    copy_items(list->items + size, source_of(source).items, more);
    return 0;
}

/* --- slices -------------------------------------------------------------- */

static size_t
clip(size_t bound, size_t low, size_t high)
{
    if (bound < low) {
        return low;
    }
    return bound > high ? high : bound;
}

struct rt_object *
rt_list_slice(struct rt_object *object, size_t low, size_t high)
{
    const struct rt_list *list = as_list(object);
    size_t start = clip(low, 0, list->size);
    size_t count = clip(high, start, list->size) - start;
    return count == 0 ? rt_list_new()
                      : list_of(list->items + start, count, count);
}

/* Puts the source in the place of the items from start to end, which belong to
 * somebody else by now. A list that gets shorter keeps its block if there is
 * no memory for a smaller one. */
static int
fill_gap(struct rt_list *list, size_t start, size_t end, struct source source)
{
    size_t tail_bytes = (list->size - end) * sizeof(*list->items);
    size_t size = list->size - (end - start) + source.count;
    size_t new_end = start + source.count;
    if (size > list->size) {
        if (rt_list_resize(list, size) < 0) {
            return -1;
        }
        memmove(list->items + new_end, list->items + end, tail_bytes);
    }
    else {
        memmove(list->items + new_end, list->items + end, tail_bytes);
        if (rt_list_resize(list, size) < 0) {
            rt_error_clear();
            list->size = size;
        }
    }
    copy_items(list->items + start, source.items, source.count);
    return 0;
}

/* The same; the items that leave are kept until the list is in order. */
static int
replace(struct rt_list *list, size_t start, size_t end, struct source source)
{
    size_t count = end - start;
    struct rt_object **leaving = rt_alloc(count * sizeof(*leaving));
    if (leaving == NULL) {
        rt_error_no_memory();
        return -1;
    }
    memcpy(leaving, list->items + start, count * sizeof(*leaving));
    int result = fill_gap(list, start, end, source);
    while (result == 0 && count > 0) {
        rt_xdecref(leaving[--count]);
    }
    rt_free(leaving);
    return result;
}

int
rt_list_set_slice(struct rt_object *object, size_t low, size_t high,
                  struct rt_object *source)
{
    struct rt_list *list = as_list(object);
    if (source != NULL &&
        object == source) { // must not change while it is read
        struct rt_object *copy = rt_list_slice(object, 0, list->size);
        int result =
            copy == NULL ? -1 : rt_list_set_slice(object, low, high, copy);
        rt_xdecref(copy);
        return result;
    }
    struct source items = {NULL, 0};
    if (source != NULL) {
        items = source_of(source);
    }
    size_t start = clip(low, 0, list->size);
    size_t end = clip(high, start, list->size);
    if (list->size - (end - start) + items.count == 0) {
        rt_list_clear(object);
        return 0;
    }
    return start == end ? fill_gap(list, start, end, items)
                        : replace(list, start, end, items);
}

int
rt_list_pop_at(struct rt_object *object, size_t index, struct rt_object **item)
{
    struct rt_list *list = as_list(object);
    if (list->size == 0) {
        return rt_error_set(RT_ERROR_INDEX, "pop from empty list");
    }
    if (index >= list->size) {
        return rt_error_set(RT_ERROR_INDEX, "pop index out of range");
    }
    struct rt_object *popped = rt_list_at(object, index);
    rt_xincref(popped);
    if (rt_list_set_slice(object, index, index + 1, NULL) < 0) {
        rt_xdecref(popped);
        return -1;
    }
    *item = popped;
    return 0;
}

/* --- repetition ---------------------------------------------------------- */

/* 0, or -1 with a pending error when no list can be so long. */
static int
multiply(size_t count, int64_t times, size_t *product)
{
    if (times < 0) {
        times = 0;
    }
    if (__builtin_mul_overflow(count, (uint64_t)times, product) ||
        *product > PTRDIFF_MAX / sizeof(struct rt_object *)) {
        rt_error_no_memory();
        return -1;
    }
    return 0;
}

/* Behind the first count items, which are there, the same again and again up
 * to the size. */
static void
repeat_items(struct rt_list *list, size_t count, size_t size)
{
    for (size_t i = count; i < size; i++) {
        rt_xincref(list->items[i - count]);
        list->items[i] = list->items[i - count];
    }
    list->size = size;
}

struct rt_object *
rt_list_repeat(struct rt_object *object, int64_t times)
{
    const struct rt_list *list = as_list(object);
    size_t size;
    if (multiply(list->size, times, &size) < 0) {
        return NULL;
    }
    struct rt_object *result =
        list_of(list->items, size == 0 ? 0 : list->size, size);
    if (result != NULL && size > 0) {
        repeat_items(as_list(result), list->size, size);
    }
    return result;
}

int
rt_list_repeat_in_place(struct rt_object *object, int64_t times)
{
    struct rt_list *list = as_list(object);
    size_t count = list->size;
    size_t size;
    if (multiply(count, times, &size) < 0) {
        return -1;
    }
    if (size == 0) {
        rt_list_clear(object);
        return 0;
    }
    if (rt_list_resize(list, size) < 0) {
        return -1;
    }
    repeat_items(list, count, size);
    return 0;
}
