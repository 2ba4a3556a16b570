#include "labs/runtime/trash.h"

#include "labs/runtime/compat.h"
#include "labs/runtime/gc_state.h"

/* From 3.13 on nothing is put aside before the C stack gets short, and there
 * is no wait for the last level: as soon as it is longer again, all die. How
 * much there is of it is a number of calls; with the address sanitizer, whose
 * frames are large, it is smaller (Py_C_RECURSION_LIMIT). The running program
 * is one call itself, which counts twice. */
#ifndef __has_feature
#define __has_feature(feature) 0 // gcc has a macro instead
#endif
enum {
    HEADROOM = 50, // Py_TRASHCAN_HEADROOM
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
    CALLS = 4000 - 2,
#else
    CALLS = 10000 - 2,
#endif
    DEEP_LEVELS = CALLS - HEADROOM,
    SHALLOW_LEVELS = CALLS - 2 * HEADROOM
};

/* Each thread unwinds its own stack. */
static _Thread_local int levels;
static _Thread_local struct rt_object *later; // the one put aside last

/* Whether the object was put aside: the stack is deep enough. */
static __attribute__((noinline)) bool
put_aside(struct rt_object *object)
{
    if (rt_compat_minor() >= 13 && levels < DEEP_LEVELS) {
        return false;
    }
    rt_gc_set_link(object, later);
    later = object;
    return true;
}

static __attribute__((noinline)) void
end_all(void)
{
    if (levels > 0 && (rt_compat_minor() < 13 || levels >= SHALLOW_LEVELS)) {
        return;
    }
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
    if (levels >= RT_TRASH_LEVELS && put_aside(object)) {
        return false;
    }
    levels++;
    return true;
}

void
rt_trash_end(void)
{
    levels--;
    if (later != NULL) {
        end_all();
    }
}
