/* The list of what is kept instead of freed (gc.garbage). */
#include <assert.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/gc_state.h"

static struct rt_object **garbage; // our references
static size_t garbage_count, garbage_room;

void
rt_gc_keep_as_garbage(struct rt_object *object)
{
    if (garbage_count == garbage_room) {
        size_t room = garbage_room * 2 + 8;
        struct rt_object **more = rt_realloc(garbage, room * sizeof(*more));
        if (more == NULL) {
            return;
        }
        garbage = more;
        garbage_room = room;
    }
    garbage[garbage_count++] = rt_new_ref(object);
}

size_t
rt_gc_garbage_count(void)
{
    return garbage_count;
}

struct rt_object *
rt_gc_garbage_at(size_t index)
{
    assert(index < garbage_count);
    return garbage[index];
}

void
rt_gc_clear_garbage(void)
{
    // A list that is cleared: it is empty first, then releases from the end.
    struct rt_object **kept = garbage;
    size_t count = garbage_count;
    garbage = NULL;
    garbage_count = garbage_room = 0;
    while (count > 0) {
        rt_decref(kept[--count]);
    }
    rt_free(kept);
}
