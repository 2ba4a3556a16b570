/* Gathers as objects: how they are made, visited and lost. */
#include "labs/runtime/gather.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/list.h"

static int
gather_traverse(struct rt_object *object,
                int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_object *children = ((struct rt_gather *)object)->children;
    int result = rt_future_traverse(object, visit, data);
    return result == 0 && children != NULL ? visit(children, data) : result;
}

static void
gather_clear(struct rt_object *object)
{
    rt_future_clear(object);
    rt_clear(&((struct rt_gather *)object)->children);
}

static void
gather_dealloc(struct rt_object *object)
{
    if (((struct rt_future *)object)->is_unseen &&
        rt_call_finalizer_from_dealloc(object) != 0) {
        return;
    }
    rt_gc_untrack(object);
    gather_clear(object);
    rt_gc_free(object);
}

_Static_assert(offsetof(struct rt_gather, children) ==
                   offsetof(struct rt_future, value) +
                       RT_FUTURE_FIELDS(0) * sizeof(void *),
               "all references lie side by side");

static const struct rt_future_type gather_type = {
    .type = {.name = "_GatheringFuture",
             .basicsize = sizeof(struct rt_gather),
             .dealloc = gather_dealloc,
             .finalize = rt_future_finalize,
             .traverse = gather_traverse,
             .clear = gather_clear,
             .fields_offset = offsetof(struct rt_future, value),
             .field_count = RT_FUTURE_FIELDS(1),
             .call = rt_gather_call,
             .send = rt_future_send},
    .cancel = rt_gather_cancel,
};

struct rt_object *
rt_gather_new(struct rt_loop *loop, bool return_exceptions)
{
    struct rt_object *children = rt_list_new();
    struct rt_object *object =
        children != NULL ? rt_gc_new(&gather_type.type, 0) : NULL;
    if (object == NULL) {
        rt_xdecref(children);
        return NULL;
    }
    struct rt_gather *gather = (struct rt_gather *)object;
    rt_future_init(&gather->future, loop);
    gather->children = children;
    gather->expected = gather->finished = 0;
    gather->return_exceptions = return_exceptions;
    gather->is_cancel_requested = false;
    rt_gc_track(object);
    return object;
}
