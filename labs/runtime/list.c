#include "labs/runtime/list.h"

#include <assert.h>
#include <stdint.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/list_ops.h"
#include "labs/runtime/list_room.h"
#include "labs/runtime/trash.h"

enum {
    FAR_BYTES = 1024 // how far ahead copies fetch
};

static struct rt_list *
as_list(struct rt_object *object)
{
    assert(rt_list_check(object));
    return (struct rt_list *)object;
}

// --- growth ----------------------------------------------------------------

/* Room for so many items: 0, 4, 8, 16, 24, 32, 40, 52, 64, 76, ... for a list
 * that grows one by one. More than that is of no use to one that has just got
 * many at once. */
static size_t
room_for(size_t size, size_t old_size)
{
    size_t room = (size + (size >> 3) + 6) & ~(size_t)3;
    if (size > old_size && size - old_size > room - size) {
        room = (size + 3) & ~(size_t)3;
    }
    return size == 0 ? 0 : room;
}

/* Moves the items into a block with this room. */
static int
set_room(struct rt_list *list, size_t room)
{
    struct rt_object **items = NULL;
    if (room > SIZE_MAX / sizeof(*items) / 2) {
        rt_error_no_memory();
        return -1;
    }
    if (room == 0) {
        rt_free(list->items);
    }
    else {
        items = rt_realloc(list->items, room * sizeof(*items));
        if (items == NULL) {
            rt_error_no_memory();
            return -1;
        }
    }
    list->items = items;
    list->allocated = room;
    return 0;
}

int
rt_list_resize(struct rt_list *list, size_t size)
{
    bool fits = size <= list->allocated && size >= list->allocated >> 1;
    if (!fits && set_room(list, room_for(size, list->size)) < 0) {
        return -1;
    }
    list->size = size;
    return 0;
}

int
rt_list_reserve_exactly(struct rt_list *list, size_t size)
{
    assert(list->items == NULL);
    return set_room(list, size);
}

// --- as a container --------------------------------------------------------

void
rt_list_clear(struct rt_object *object)
{
    struct rt_list *list = as_list(object);
    struct rt_object **items = list->items;
    size_t size = list->size;
    list->items = NULL;
    list->size = list->allocated = 0;
    while (size > 0) {
        if (size > 1) {
            // It comes into the cache while this one is released.
            __builtin_prefetch(items[size - 2]);
        }
        rt_xdecref(items[--size]);
    }
    rt_free(items);
}

static void
list_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    if (rt_trash_begin(object)) {
        rt_list_clear(object);
        rt_gc_free(object);
        rt_trash_end();
    }
}

static int
list_traverse(struct rt_object *object,
              int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_list *list = as_list(object);
    for (size_t i = list->size; i-- > 0;) {
        int result = list->items[i] != NULL ? visit(list->items[i], data) : 0;
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

/* Item by item. Comparing may run code that changes the lists: so the sizes
 * are looked at again each time, and the two items are held. */
static int
list_equal(struct rt_object *a, struct rt_object *b)
{
    const struct rt_list *one = as_list(a);
    const struct rt_list *other = as_list(b);
    int equal = one->size == other->size;
    for (size_t i = 0; equal == 1 && i < one->size && i < other->size; i++) {
        struct rt_object *left = one->items[i];
        struct rt_object *right = other->items[i];
        rt_xincref(left);
        rt_xincref(right);
        equal = left != NULL && right != NULL ? rt_equal(left, right)
                                              : left == right;
        rt_xdecref(left);
        rt_xdecref(right);
    }
    return equal == 1 ? one->size == other->size : equal;
}

// --- copies ----------------------------------------------------------------

static struct rt_object *
list_copy(struct rt_object *object)
{
    return rt_list_slice(object, 0, rt_list_size(object));
}

/* Room at once for what so many appends would end with. 0, or -1. */
static int
reserve(struct rt_list *list, size_t count)
{
    size_t room = 0;
    while (room < count) {
        room = room_for(room + 1, room);
    }
    return room > list->allocated ? set_room(list, room) : 0;
}

/* Appends an item, stolen. */
static int
append_stolen(struct rt_list *list, struct rt_object *item)
{
    if (list->size == list->allocated) {
        if (rt_list_resize(list, list->size + 1) != 0) {
            rt_xdecref(item);
            return -1;
        }
        list->size--;
    }
    assert(list->items != NULL);
    list->items[list->size++] = item;
    return 0;
}

/* Appends the copies of all items, in the room that was reserved; more of it
 * is needed only if one of them, being copied, makes the list longer. */
static int
copy_items(struct rt_list *to, const struct rt_list *from,
           struct rt_copy_memo *memo)
{
    size_t fetched = 0;
    for (size_t i = 0; i < from->size; i++) {
        // The next two come into the cache while this one is copied.
        for (; fetched < from->size && fetched <= i + 2; fetched++) {
            __builtin_prefetch(from->items[fetched]);
        }
        struct rt_object *item = from->items[i];
        if (item != NULL) {
            item = rt_copy_item(item, memo);
            if (item == NULL) {
                return -1;
            }
        }
        if (append_stolen(to, item) != 0) {
            return -1;
        }
    }
    return 0;
}

/* The items, which are needed when there is a list for the copies. Structures
 * are mostly copied in the order in which they were made; then what comes soon
 * lies behind this. */
static void
fetch_what_is_copied_soon(const struct rt_list *list)
{
    __builtin_prefetch(list->items);
    __builtin_prefetch((void *)((uintptr_t)list->items + FAR_BYTES));
    __builtin_prefetch((void *)((uintptr_t)list + FAR_BYTES));
}

static struct rt_object *
list_deepcopy(struct rt_object *object, struct rt_copy_memo *memo)
{
    const struct rt_list *from = as_list(object);
    fetch_what_is_copied_soon(from);
    struct rt_object *copy = rt_list_new();
    if (copy != NULL && (rt_copy_memo_add(memo, object, copy) != 0 ||
                         reserve(as_list(copy), from->size) != 0 ||
                         copy_items(as_list(copy), from, memo) != 0)) {
        rt_copy_memo_settle(memo); // an error is pending in either case
        rt_clear(&copy);
    }
    return copy;
}

static const struct rt_type list_type = {
    .name = "list",
    .basicsize = sizeof(struct rt_list),
    .dealloc = list_dealloc,
    .traverse = list_traverse,
    .clear = rt_list_clear,
    .hash = rt_hash_refused,
    .equal = list_equal,
    .copy = list_copy,
    .deepcopy = list_deepcopy,
};

// --- for people ------------------------------------------------------------

struct rt_object *
rt_list_new(void)
{
    struct rt_object *object = rt_gc_new(&list_type, 0);
    if (object != NULL) {
        struct rt_list *list = (struct rt_list *)object;
        list->items = NULL;
        list->size = list->allocated = 0;
        rt_gc_track(object);
    }
    return object;
}

bool
rt_list_check(const struct rt_object *object)
{
    return object->ob_type == &list_type;
}

size_t
rt_list_size(struct rt_object *list)
{
    return as_list(list)->size;
}

struct rt_object *
rt_list_at(struct rt_object *object, size_t index)
{
    const struct rt_list *list = as_list(object);
    assert(index < list->size);
    return list->items[index];
}

int
rt_list_append(struct rt_object *object, struct rt_object *item)
{
    struct rt_list *list = as_list(object);
    size_t size = list->size;
    if (rt_list_resize(list, size + 1) != 0) {
        return -1;
    }
    assert(list->items != NULL);
    rt_xincref(item);
    list->items[size] = item;
    return 0;
}

int
rt_list_set(struct rt_object *object, size_t index, struct rt_object *item)
{
    struct rt_list *list = as_list(object);
    if (index >= list->size) {
        return rt_error_set(RT_ERROR_INDEX,
                            "list assignment index out of range");
    }
    rt_xincref(item);
    rt_set_ref(&list->items[index], item);
    return 0;
}

int
rt_list_pop(struct rt_object *object, struct rt_object **item)
{
    struct rt_list *list = as_list(object);
    if (list->size == 0) {
        return rt_error_set(RT_ERROR_INDEX, "pop from empty list");
    }
    struct rt_object *last = list->items[list->size - 1];
    if (list->size == 1) {
        set_room(list, 0); // needs no memory
        list->size = 0;
    }
    else if (rt_list_resize(list, list->size - 1) != 0) {
        return -1;
    }
    *item = last;
    return 0;
}
