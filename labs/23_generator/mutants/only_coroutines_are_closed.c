/* Wrong on purpose: an exit is thrown into an awaited generator as any
 * other error. */
#include <stddef.h>

#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"

static struct rt_coroutine *
frame_of(struct rt_object *object)
{
    return (struct rt_coroutine *)object;
}

static const char *
kind(struct rt_object *object)
{
    return object->ob_type->name;
}

static void
check_awaitable(struct rt_coroutine *frame)
{
    struct rt_object *what = frame->awaiting;
    if (what->ob_type->send == NULL) {
        const char *name = kind(what);
        rt_clear(&frame->awaiting);
        rt_error_set(RT_ERROR_TYPE,
                     "object %s can't be used in 'await' expression", name);
        return;
    }
    if (rt_coroutine_check(what) && !rt_coroutine_code(what)->is_generator) {
        struct rt_coroutine *other = frame_of(what);
        if (other->state == RT_COROUTINE_SUSPENDED &&
            other->awaiting != NULL) {
            rt_clear(&frame->awaiting);
            rt_error_set(RT_ERROR_RUNTIME,
                         "coroutine is being awaited already");
        }
    }
}

static void
close_awaited(struct rt_coroutine *frame)
{
    struct rt_error_state exit = rt_error_fetch();
    int rc = rt_coroutine_close(frame->awaiting);
    rt_clear(&frame->awaiting);
    if (rc == 0) {
        rt_error_restore(&exit);
    }
    else {
        rt_xdecref(exit.exception);
    }
}

static enum rt_sent
go_on(struct rt_object *object, struct rt_object *sent,
      struct rt_object **result)
{
    struct rt_coroutine *frame = frame_of(object);
    struct rt_object *held = NULL;
    frame->state = RT_COROUTINE_RUNNING;
    for (;;) {
        if (frame->awaiting != NULL) {
            if (sent == NULL &&
                rt_error_occurred() == RT_ERROR_GENERATOR_EXIT &&
                rt_coroutine_check(frame->awaiting) &&
                !rt_coroutine_code(frame->awaiting)->is_generator) {
                close_awaited(frame);
            }
            else {
                struct rt_object *value = NULL;
                enum rt_sent r = frame->awaiting->ob_type->send(
                    frame->awaiting, sent, &value);
                if (r == RT_SENT_YIELD) {
                    rt_xdecref(held);
                    frame->state = RT_COROUTINE_SUSPENDED;
                    *result = value;
                    return RT_SENT_YIELD;
                }
                rt_clear(&frame->awaiting);
                rt_xdecref(held);
                held = NULL;
                sent = NULL;
                if (r == RT_SENT_RETURN) {
                    held = sent = value;
                }
            }
        }
        *result = NULL;
        enum rt_sent r = rt_coroutine_code(object)->body(frame, sent, result);
        rt_xdecref(held);
        held = NULL;
        if (r == RT_SENT_YIELD) {
            frame->state = RT_COROUTINE_SUSPENDED;
            return r;
        }
        if (r == RT_SENT_RETURN) {
            rt_coroutine_finish(frame);
            return r;
        }
        if (r == RT_SENT_ERROR) {
            rt_coroutine_finish(frame);
            if (rt_error_occurred() == RT_ERROR_STOP_ITERATION) {
                rt_error_set(RT_ERROR_RUNTIME, "%s raised StopIteration",
                             kind(object));
            }
            return r;
        }
        if (frame->awaiting != NULL) {
            check_awaitable(frame);
        }
        sent = frame->awaiting != NULL ? rt_none : NULL;
    }
}

enum rt_sent
rt_coroutine_send(struct rt_object *object, struct rt_object *sent,
                  struct rt_object **result)
{
    struct rt_coroutine *frame = frame_of(object);
    switch (frame->state) {
    case RT_COROUTINE_RUNNING:
        rt_error_set(RT_ERROR_VALUE, "%s already executing", kind(object));
        return RT_SENT_ERROR;
    case RT_COROUTINE_CLOSED:
        if (!rt_coroutine_code(object)->is_generator) {
            rt_error_set(RT_ERROR_RUNTIME,
                         "cannot reuse already awaited coroutine");
            return RT_SENT_ERROR;
        }
        if (sent == NULL) {
            return RT_SENT_ERROR;
        }
        *result = rt_new_ref(rt_none);
        return RT_SENT_RETURN;
    case RT_COROUTINE_CREATED:
        if (sent == NULL) {
            rt_coroutine_finish(frame);
            return RT_SENT_ERROR;
        }
        if (sent != rt_none) {
            rt_error_set(RT_ERROR_TYPE,
                         "can't send non-None value to a just-started %s",
                         kind(object));
            return RT_SENT_ERROR;
        }
        break;
    case RT_COROUTINE_SUSPENDED:
        break;
    }
    return go_on(object, sent, result);
}

enum rt_sent
rt_coroutine_throw(struct rt_object *object, struct rt_object *exception,
                   struct rt_object **result)
{
    rt_exception_raise(exception);
    return rt_coroutine_send(object, NULL, result);
}

int
rt_coroutine_close(struct rt_object *object)
{
    struct rt_coroutine *frame = frame_of(object);
    if (frame->state == RT_COROUTINE_CREATED) {
        rt_coroutine_never_begin(frame);
        return 0;
    }
    if (frame->state == RT_COROUTINE_CLOSED) {
        return 0;
    }
    struct rt_object *exit = rt_exception_new(RT_ERROR_GENERATOR_EXIT, "");
    if (exit == NULL) {
        return -1;
    }
    struct rt_object *result = NULL;
    enum rt_sent r = rt_coroutine_throw(object, exit, &result);
    rt_decref(exit);
    if (r == RT_SENT_ERROR) {
        if (rt_error_occurred() != RT_ERROR_GENERATOR_EXIT) {
            return -1;
        }
        rt_error_clear();
        return 0;
    }
    rt_decref(result);
    if (r == RT_SENT_YIELD) {
        return rt_error_set(RT_ERROR_RUNTIME, "%s ignored GeneratorExit",
                            kind(object));
    }
    return 0;
}

struct rt_object *
rt_generator_next(struct rt_object *generator)
{
    struct rt_object *result = NULL;
    enum rt_sent r = rt_coroutine_send(generator, rt_none, &result);
    if (r == RT_SENT_YIELD) {
        return result;
    }
    if (r == RT_SENT_RETURN) {
        rt_decref(result);
    }
    return NULL;
}
