#include "labs/runtime/context.h"

#include <stdatomic.h>
#include <stddef.h>

#include "labs/runtime/context_map.h"
#include "labs/runtime/context_state.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"

/* Where the current context stands: in the thread's own place, or in that of
 * the task, the handle or whatever else is at work. */
static _Thread_local struct rt_object *own;
static _Thread_local struct rt_object **current;

static atomic_bool is_used;

// --- as an object ----------------------------------------------------------

static void
context_clear(struct rt_object *object)
{
    rt_clear(&((struct rt_context *)object)->map);
}

static void
context_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    context_clear(object);
    rt_gc_free(object);
}

static int
context_traverse(struct rt_object *object,
                 int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_object *map = ((struct rt_context *)object)->map;
    return map != NULL ? visit(map, data) : 0;
}

static const struct rt_type context_type = {
    .name = "Context",
    .basicsize = sizeof(struct rt_context),
    .dealloc = context_dealloc,
    .traverse = context_traverse,
    .clear = context_clear,
};

static struct rt_object *
make(struct rt_object *map)
{
    struct rt_object *object = rt_gc_new(&context_type, 0);
    if (object != NULL) {
        struct rt_context *context = (struct rt_context *)object;
        rt_xincref(map);
        context->map = map;
        context->is_entered = false;
        rt_gc_track(object);
    }
    return object;
}

// --- the current one -------------------------------------------------------

static struct rt_object **
current_slot(void)
{
    return current != NULL ? current : &own;
}

struct rt_context *
rt_context_current(void)
{
    return (struct rt_context *)*current_slot();
}

struct rt_context *
rt_context_make_current(void)
{
    struct rt_object **slot = current_slot();
    if (*slot == NULL) {
        *slot = make(NULL);
    }
    return (struct rt_context *)*slot;
}

struct rt_object **
rt_context_enter(struct rt_object **slot)
{
    struct rt_object **outer = current;
    current = slot;
    return outer;
}

void
rt_context_leave(struct rt_object **outer)
{
    current = outer;
}

void
rt_context_forget(void)
{
    rt_clear(&own);
}

void
rt_context_use(void)
{
    atomic_store_explicit(&is_used, true, memory_order_relaxed);
}

bool
rt_context_is_used(void)
{
    return atomic_load_explicit(&is_used, memory_order_relaxed);
}

// --- copies ----------------------------------------------------------------

static struct rt_object *
current_map(void)
{
    const struct rt_context *context = rt_context_current();
    return context != NULL ? context->map : NULL;
}

struct rt_object *
rt_context_copy(void)
{
    return make(current_map());
}

int
rt_context_copy_to(struct rt_object **slot)
{
    struct rt_object *map = current_map();
    *slot = map != NULL ? make(map) : NULL;
    return map != NULL && *slot == NULL ? -1 : 0;
}

// --- calls -----------------------------------------------------------------

int
rt_context_run(struct rt_object *object, struct rt_object *callback,
               struct rt_object *argument)
{
    struct rt_context *context = (struct rt_context *)object;
    if (context->is_entered) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "cannot enter context: it is already entered");
    }
    struct rt_object *slot = rt_new_ref(object);
    struct rt_object **outer = rt_context_enter(&slot);
    context->is_entered = true;
    int result = callback->ob_type->call(callback, argument);
    context->is_entered = false;
    rt_context_leave(outer);
    rt_decref(slot);
    return result;
}
