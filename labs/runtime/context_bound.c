/* Bound callbacks: what is called later, in the context of now. */
#include "labs/runtime/context.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/object.h"

struct bound {
    struct rt_object head;
    struct rt_object *callback; // ours
    struct rt_object *context;  // ours, or NULL
};

static int
bound_call(struct rt_object *object, struct rt_object *argument)
{
    struct bound *bound = (struct bound *)object;
    struct rt_object *callback = bound->callback;
    struct rt_object **outer = rt_context_enter(&bound->context);
    int result = callback->ob_type->call(callback, argument);
    rt_context_leave(outer);
    return result;
}

static int
bound_traverse(struct rt_object *object,
               int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct bound *bound = (struct bound *)object;
    int result = bound->callback != NULL ? visit(bound->callback, data) : 0;
    return result == 0 && bound->context != NULL ? visit(bound->context, data)
                                                 : result;
}

static void
bound_clear(struct rt_object *object)
{
    rt_clear(&((struct bound *)object)->callback);
    rt_clear(&((struct bound *)object)->context);
}

static void
bound_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    bound_clear(object);
    rt_gc_free(object);
}

static const struct rt_type bound_type = {
    .name = "bound callback",
    .basicsize = sizeof(struct bound),
    .dealloc = bound_dealloc,
    .traverse = bound_traverse,
    .clear = bound_clear,
    .call = bound_call,
};

struct rt_object *
rt_context_bind(struct rt_object *callback)
{
    struct rt_object *context = NULL;
    if (rt_context_copy_to(&context) != 0) {
        return NULL;
    }
    struct rt_object *object = rt_gc_new(&bound_type, 0);
    if (object == NULL) {
        rt_xdecref(context);
        return NULL;
    }
    struct bound *bound = (struct bound *)object;
    bound->callback = rt_new_ref(callback);
    bound->context = context;
    rt_gc_track(object);
    return object;
}

const struct rt_object *
rt_context_unbound(const struct rt_object *callback)
{
    return callback->ob_type == &bound_type
               ? ((const struct bound *)callback)->callback
               : callback;
}
