/* Another right solution, after the shape of genobject.c: send, throw and
 * close are three ways in, and each finds by itself what is awaited and deals
 * with that in its own way. What they share is going on with the body. */
#include <assert.h>

#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"

static bool
is_generator(const struct rt_object *object)
{
    return rt_coroutine_code(object)->is_generator;
}

static enum rt_sent
already_executing(struct rt_object *object)
{
    rt_error_set(RT_ERROR_VALUE, "%s already executing",
                 object->ob_type->name);
    return RT_SENT_ERROR;
}

static enum rt_sent
cannot_reuse(void)
{
    rt_error_set(RT_ERROR_RUNTIME, "cannot reuse already awaited coroutine");
    return RT_SENT_ERROR;
}

/* The first send to what is to be awaited, which may be nothing. */
static enum rt_sent
start(struct rt_object *awaited, struct rt_object **result)
{
    if (awaited == NULL) {
        return RT_SENT_ERROR;
    }
    if (awaited->ob_type->send == NULL) {
        rt_error_set(RT_ERROR_TYPE,
                     "object %s can't be used in 'await' expression",
                     awaited->ob_type->name);
        return RT_SENT_ERROR;
    }
    if (rt_coroutine_check(awaited) && !is_generator(awaited)) {
        const struct rt_coroutine *inner = (struct rt_coroutine *)awaited;
        if (inner->awaiting != NULL &&
            inner->state == RT_COROUTINE_SUSPENDED) {
            rt_error_set(RT_ERROR_RUNTIME,
                         "coroutine is being awaited already");
            return RT_SENT_ERROR;
        }
    }
    return awaited->ob_type->send(awaited, rt_none, result);
}

/* The body goes on with this value, stolen, or with the pending error, until
 * somebody hands out something or it is over. */
static enum rt_sent
go_on(struct rt_coroutine *frame, struct rt_object *value,
      struct rt_object **result)
{
    for (;;) {
        struct rt_object *next = NULL;
        frame->state = RT_COROUTINE_RUNNING;
        enum rt_sent how =
            rt_coroutine_code(&frame->head)->body(frame, value, &next);
        rt_xdecref(value);
        value = NULL;
        if (how == RT_SENT_AWAIT) {
            how = start(frame->awaiting, &next);
            if (how != RT_SENT_YIELD) {
                rt_clear(&frame->awaiting);
                value = how == RT_SENT_RETURN ? next : NULL;
                continue;
            }
        }
        *result = next;
        if (how == RT_SENT_YIELD) {
            frame->state = RT_COROUTINE_SUSPENDED;
            return how;
        }
        if (how == RT_SENT_ERROR &&
            rt_error_occurred() == RT_ERROR_STOP_ITERATION) {
            rt_error_set(RT_ERROR_RUNTIME, "%s raised StopIteration",
                         frame->head.ob_type->name);
        }
        rt_coroutine_finish(frame);
        return how;
    }
}

/* What is awaited has answered. */
static enum rt_sent
answered(struct rt_coroutine *frame, enum rt_sent how, struct rt_object *value,
         struct rt_object **result)
{
    if (how == RT_SENT_YIELD) {
        frame->state = RT_COROUTINE_SUSPENDED;
        *result = value;
        return how;
    }
    rt_clear(&frame->awaiting);
    return go_on(frame, how == RT_SENT_RETURN ? value : NULL, result);
}

/* --- three ways in ------------------------------------------------------- */

static enum rt_sent
send_value(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    struct rt_object *object = &frame->head;
    struct rt_object *awaited = frame->awaiting;
    struct rt_object *value = NULL;
    if (frame->state == RT_COROUTINE_RUNNING) {
        return already_executing(object);
    }
    if (frame->state == RT_COROUTINE_CLOSED) {
        *result = rt_none;
        return is_generator(object) ? RT_SENT_RETURN : cannot_reuse();
    }
    if (frame->state == RT_COROUTINE_CREATED && sent != rt_none) {
        rt_error_set(RT_ERROR_TYPE,
                     "can't send non-None value to a just-started %s",
                     object->ob_type->name);
        return RT_SENT_ERROR;
    }
    if (awaited == NULL) {
        return go_on(frame, rt_new_ref(sent), result);
    }
    frame->state = RT_COROUTINE_RUNNING;
    enum rt_sent how = awaited->ob_type->send(awaited, sent, &value);
    return answered(frame, how, value, result);
}

/* Closes what it awaits, while an exit is pending that is for itself. */
static void
close_awaited(struct rt_object *awaited)
{
    struct rt_error_state exit = rt_error_fetch();
    if (rt_coroutine_close(awaited) == 0) {
        rt_error_restore(&exit);
    }
    else {
        rt_xdecref(exit.exception);
    }
}

/* Throws the pending error. */
static enum rt_sent
throw_pending(struct rt_coroutine *frame, struct rt_object **result)
{
    struct rt_object *awaited = frame->awaiting;
    struct rt_object *value = NULL;
    switch (frame->state) {
    case RT_COROUTINE_RUNNING:
        return already_executing(&frame->head);
    case RT_COROUTINE_CREATED:
        rt_coroutine_finish(frame);
        return RT_SENT_ERROR;
    case RT_COROUTINE_CLOSED:
        return is_generator(&frame->head) ? RT_SENT_ERROR : cannot_reuse();
    case RT_COROUTINE_SUSPENDED:
    default:
        break;
    }
    frame->state = RT_COROUTINE_RUNNING;
    if (awaited == NULL) {
        return go_on(frame, NULL, result);
    }
    if (rt_coroutine_check(awaited)) {
        if (rt_error_occurred() == RT_ERROR_GENERATOR_EXIT) {
            close_awaited(awaited);
            return answered(frame, RT_SENT_ERROR, NULL, result);
        }
        enum rt_sent how =
            throw_pending((struct rt_coroutine *)awaited, &value);
        return answered(frame, how, value, result);
    }
    enum rt_sent how = awaited->ob_type->send(awaited, NULL, &value);
    return answered(frame, how, value, result);
}

enum rt_sent
rt_coroutine_send(struct rt_object *object, struct rt_object *sent,
                  struct rt_object **result)
{
    struct rt_coroutine *frame = (struct rt_coroutine *)object;
    return sent == NULL ? throw_pending(frame, result)
                        : send_value(frame, sent, result);
}

enum rt_sent
rt_coroutine_throw(struct rt_object *object, struct rt_object *exception,
                   struct rt_object **result)
{
    assert(exception != NULL);
    rt_exception_raise(exception);
    return throw_pending((struct rt_coroutine *)object, result);
}

int
rt_coroutine_close(struct rt_object *object)
{
    struct rt_coroutine *frame = (struct rt_coroutine *)object;
    struct rt_object *result = NULL;
    if (frame->state == RT_COROUTINE_CREATED) {
        rt_coroutine_never_begin(frame);
    }
    if (frame->state == RT_COROUTINE_CLOSED) {
        return 0;
    }
    rt_error_set(RT_ERROR_GENERATOR_EXIT, "%s", "");
    enum rt_sent how = throw_pending(frame, &result);
    if (how != RT_SENT_ERROR) {
        rt_decref(result);
    }
    if (how == RT_SENT_YIELD) {
        return rt_error_set(RT_ERROR_RUNTIME, "%s ignored GeneratorExit",
                            object->ob_type->name);
    }
    if (how == RT_SENT_ERROR &&
        rt_error_occurred() == RT_ERROR_GENERATOR_EXIT) {
        rt_error_clear();
    }
    return rt_error_occurred() == RT_ERROR_NONE ? 0 : -1;
}

struct rt_object *
rt_generator_next(struct rt_object *generator)
{
    struct rt_object *result = NULL;
    switch (send_value((struct rt_coroutine *)generator, rt_none, &result)) {
    case RT_SENT_YIELD:
        return result;
    case RT_SENT_RETURN:
        rt_decref(result);
        return NULL;
    case RT_SENT_ERROR:
    case RT_SENT_AWAIT:
    default:
        return NULL;
    }
}
