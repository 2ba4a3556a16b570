/* Futures as objects: how they are made, awaited, visited and lost. */
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/loop_state.h"

bool
rt_future_check(const struct rt_object *object)
{
    return object->ob_type->send == rt_future_send;
}

/* A task that gets the future takes the mark off, so that the mark shows that
 * nobody has waited. A task that may not wait for it, because it is itself or
 * belongs to another loop, leaves the mark, and then nobody can
 * (FutureIter_am_send, task_step_handle_result_impl). */
enum rt_sent
rt_future_send(struct rt_object *object, struct rt_object *value,
               struct rt_object **result)
{
    struct rt_future *future = (struct rt_future *)object;
    if (value == NULL) {
        return RT_SENT_ERROR;
    }
    if (future->state == RT_FUTURE_PENDING) {
        if (future->is_blocking) {
            rt_error_set(RT_ERROR_RUNTIME, "await wasn't used with future");
            return RT_SENT_ERROR;
        }
        *result = rt_future_hand_out(object);
        return RT_SENT_YIELD;
    }
    *result = rt_future_result(object);
    return *result != NULL ? RT_SENT_RETURN : RT_SENT_ERROR;
}

int
rt_future_traverse(struct rt_object *object,
                   int (*visit)(struct rt_object *held, void *data),
                   void *data)
{
    struct rt_object *held = ((struct rt_future *)object)->value;
    return held != NULL ? visit(held, data) : 0; // or its callbacks
}

void
rt_future_clear(struct rt_object *object)
{
    struct rt_future *future = (struct rt_future *)object;
    if (future->state == RT_FUTURE_PENDING) {
        rt_callbacks_clear(&future->callbacks);
        return;
    }
    rt_clear(&future->value);
    future->is_failed = false; // the value that would say it is gone
}

void
rt_future_finalize(struct rt_object *object)
{
    struct rt_future *future = (struct rt_future *)object;
    if (future->is_unseen) {
        future->is_unseen = false;
        rt_loop_call_exception_handler(
            rt_future_loop(object),
            &(struct rt_loop_trouble){.message =
                                          "exception was never retrieved",
                                      .exception = future->value,
                                      .source = object});
    }
}

static void
future_dealloc(struct rt_object *object)
{
    struct rt_future *future = (struct rt_future *)object;
    if (future->is_unseen && rt_call_finalizer_from_dealloc(object) != 0) {
        return;
    }
    rt_gc_untrack(object);
    rt_future_clear(object);
    rt_gc_free(object);
}

static const struct rt_future_type future_type = {
    .type = {.name = "Future",
             .basicsize = sizeof(struct rt_future),
             .dealloc = future_dealloc,
             .finalize = rt_future_finalize,
             .traverse = rt_future_traverse,
             .clear = rt_future_clear,
             .fields_offset = offsetof(struct rt_future, value),
             .field_count = RT_FUTURE_FIELDS(0),
             .send = rt_future_send},
    .cancel = rt_future_end_cancelled,
};

static void
belong_to(struct rt_future *future, const struct rt_loop *loop)
{
    future->loop_number = loop->number % RT_LOOP_MOST;
}

void
rt_future_init(struct rt_future *future, struct rt_loop *loop)
{
    struct rt_object head = future->head;
    *future = (struct rt_future){.head = head};
    belong_to(future, loop);
}

struct rt_object *
rt_future_new(struct rt_loop *loop)
{
    struct rt_object *object = rt_gc_new_tracked(&future_type.type);
    if (object != NULL) {
        belong_to((struct rt_future *)object, loop);
        rt_gc_poll();
    }
    return object;
}
