#include "labs/runtime/heapq.h"

#include <assert.h>

/* Moves the item at `from` towards the root, as far as `root` (siftdown). */
static void
move_to_root(struct rt_object **items, size_t root, size_t from,
             rt_heapq_less *less)
{
    struct rt_object *item = items[from];
    while (from > root) {
        size_t parent = (from - 1) / 2;
        if (!less(item, items[parent])) {
            break;
        }
        items[from] = items[parent];
        from = parent;
    }
    items[from] = item;
}

/* The item at the root may be too big: lets the smaller children move up all
 * the way to a leaf, puts it there and moves it back towards the root. It came
 * from the end and mostly stays near there, so this asks less often than
 * stopping on the way down would (siftup). */
static void
move_to_leaf(struct rt_object **items, size_t size, rt_heapq_less *less)
{
    size_t at = 0;
    struct rt_object *item = items[0];
    while (at < size / 2) {
        size_t child = 2 * at + 1;
        if (child + 1 < size && !less(items[child], items[child + 1])) {
            child++;
        }
        items[at] = items[child];
        at = child;
    }
    items[at] = item;
    move_to_root(items, 0, at, less);
}

void
rt_heapq_push(struct rt_object **items, size_t size, rt_heapq_less *less)
{
    assert(size > 0);
    move_to_root(items, 0, size - 1, less);
}

struct rt_object *
rt_heapq_pop(struct rt_object **items, size_t size, rt_heapq_less *less)
{
    assert(size > 0);
    struct rt_object *last = items[size - 1];
    if (size == 1) {
        return last;
    }
    struct rt_object *first = items[0];
    items[0] = last;
    move_to_leaf(items, size - 1, less);
    return first;
}
