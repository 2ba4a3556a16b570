#include "labs/runtime/timer_heap.h"

#include <assert.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"

/* Puts the timer at `at`, or higher, but not above start (_siftdown). */
static void
move_up(struct rt_timer *timers, size_t start, size_t at,
        struct rt_timer timer)
{
    while (at > start) {
        size_t parent = (at - 1) / 2;
        if (timer.when_s >= timers[parent].when_s) {
            break;
        }
        timers[at] = timers[parent];
        at = parent;
    }
    timers[at] = timer;
}

/* Finds the place for the timer at start in the heap below (_siftup). It goes
 * down to the bottom first: what comes from the end of the array nearly always
 * belongs there. */
static void
move_down(struct rt_timer *timers, size_t start, size_t count)
{
    struct rt_timer timer = timers[start];
    size_t at = start;
    size_t child = 2 * at + 1;
    while (child < count) {
        size_t right = child + 1;
        if (right < count && timers[child].when_s >= timers[right].when_s) {
            child = right;
        }
        timers[at] = timers[child];
        at = child;
        child = 2 * at + 1;
    }
    move_up(timers, start, at, timer);
}

int
rt_timer_heap_push(struct rt_timer_heap *heap, double when_s,
                   struct rt_object *object)
{
    if (heap->count == heap->room) {
        size_t room = heap->room > 0 ? 2 * heap->room : 16;
        struct rt_timer *timers =
            rt_realloc(heap->timers, room * sizeof(*timers));
        if (timers == NULL) {
            rt_error_no_memory();
            return -1;
        }
        heap->timers = timers;
        heap->room = room;
    }
    move_up(heap->timers, 0, heap->count++,
            (struct rt_timer){when_s, rt_new_ref(object)});
    return 0;
}

struct rt_object *
rt_timer_heap_pop(struct rt_timer_heap *heap)
{
    assert(heap->count > 0);
    struct rt_object *first = heap->timers[0].object;
    heap->timers[0] = heap->timers[--heap->count];
    if (heap->count > 0) {
        move_down(heap->timers, 0, heap->count);
    }
    return first;
}

void
rt_timer_heap_filter(struct rt_timer_heap *heap,
                     bool (*is_wanted)(const struct rt_object *object))
{
    size_t count = 0;
    for (size_t i = 0; i < heap->count; i++) {
        if (is_wanted(heap->timers[i].object)) {
            heap->timers[count++] = heap->timers[i];
        }
        else {
            rt_decref(heap->timers[i].object);
        }
    }
    heap->count = count;
    for (size_t parent = count / 2; parent-- > 0;) {
        move_down(heap->timers, parent, count);
    }
}

void
rt_timer_heap_clear(struct rt_timer_heap *heap)
{
    struct rt_timer_heap old = *heap;
    *heap = (struct rt_timer_heap){0};
    for (size_t i = 0; i < old.count; i++) {
        rt_decref(old.timers[i].object);
    }
    rt_free(old.timers);
}
