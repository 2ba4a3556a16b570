#include "labs/runtime/trash.h"

#include "labs/runtime/gc_state.h"

/* Each thread unwinds its own stack. */
static _Thread_local int levels;
static _Thread_local struct rt_object *later; // the one put aside last

static __attribute__((noinline)) void
put_aside(struct rt_object *object)
{
    rt_gc_set_link(object, later);
    later = object;
}

static __attribute__((noinline)) void
end_all(void)
{
    levels++; // what dies now does not come to this loop
    while (later != NULL) {
        struct rt_object *object = later;
        later = rt_gc_take_link(object);
        rt_dealloc(object);
    }
    levels--;
}

bool
rt_trash_begin(struct rt_object *object)
{
    if (levels == RT_TRASH_LEVELS) {
        put_aside(object);
        return false;
    }
    levels++;
    return true;
}

void
rt_trash_end(void)
{
    levels--;
    if (levels == 0 && later != NULL) {
        end_all();
    }
}
