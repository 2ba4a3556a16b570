#include "labs/runtime/shield.h"

#include "labs/runtime/future.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/gc.h"

/* The callback of both futures. */
struct shield {
    struct rt_object head;
    struct rt_object *inner, *outer; // ours
};

/* Outer ends as inner did (_inner_done_callback). */
static int
pass_on(struct rt_object *inner, struct rt_object *outer)
{
    struct rt_future *future = (struct rt_future *)inner;
    if (rt_future_is_cancelled(outer)) {
        future->is_unseen = false;
        return 0;
    }
    if (rt_future_is_cancelled(inner)) {
        rt_future_cancel(outer, NULL);
        return 0;
    }
    future->is_unseen = false;
    return future->is_failed ? rt_future_set_exception(outer, future->value)
                             : rt_future_set_result(outer, future->value);
}

static int
shield_call(struct rt_object *object, struct rt_object *done)
{
    const struct shield *shield = (struct shield *)object;
    if (done == shield->inner) {
        return pass_on(shield->inner, shield->outer);
    }
    if (!rt_future_is_done(shield->inner)) {
        rt_future_remove_done_callback(shield->inner, object);
    }
    return 0;
}

static int
shield_traverse(struct rt_object *object,
                int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct shield *shield = (struct shield *)object;
    int result = shield->inner != NULL ? visit(shield->inner, data) : 0;
    return result == 0 && shield->outer != NULL ? visit(shield->outer, data)
                                                : result;
}

static void
shield_clear(struct rt_object *object)
{
    rt_clear(&((struct shield *)object)->inner);
    rt_clear(&((struct shield *)object)->outer);
}

static void
shield_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    shield_clear(object);
    rt_gc_free(object);
}

static const struct rt_type shield_type = {
    .name = "function",
    .basicsize = sizeof(struct shield),
    .dealloc = shield_dealloc,
    .traverse = shield_traverse,
    .clear = shield_clear,
    .call = shield_call,
};

static struct rt_object *
new_shield(struct rt_object *inner, struct rt_object *outer)
{
    struct rt_object *object = rt_gc_new(&shield_type, 0);
    if (object != NULL) {
        ((struct shield *)object)->inner = rt_new_ref(inner);
        ((struct shield *)object)->outer = rt_new_ref(outer);
        rt_gc_track(object);
    }
    return object;
}

struct rt_object *
rt_shield(struct rt_loop *loop, struct rt_object *awaitable)
{
    struct rt_object *inner = rt_ensure_future(loop, awaitable);
    if (inner == NULL || rt_future_is_done(inner)) {
        return inner;
    }
    struct rt_object *outer = rt_future_new(loop);
    struct rt_object *shield = outer != NULL ? new_shield(inner, outer) : NULL;
    if (shield == NULL || rt_future_add_done_callback(inner, shield) != 0 ||
        rt_future_add_done_callback(outer, shield) != 0) {
        rt_clear(&outer);
    }
    rt_xdecref(shield);
    rt_decref(inner);
    return outer;
}
