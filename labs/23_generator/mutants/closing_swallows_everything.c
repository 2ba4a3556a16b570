/* Wrong on purpose: closing swallows whatever error comes out. */
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"

static const char *
kind_of(const struct rt_coroutine *frame)
{
    return frame->head.ob_type->name; // "coroutine" or "generator"
}

// --- who may not run -------------------------------------------------------

/* Sending to one that is over, or throwing into it. */
static enum rt_sent
send_to_closed(struct rt_object *object, struct rt_object *sent,
               struct rt_object **result)
{
    if (!rt_coroutine_code(object)->is_generator) {
        rt_error_set(RT_ERROR_RUNTIME,
                     "cannot reuse already awaited coroutine");
        return RT_SENT_ERROR;
    }
    if (sent == NULL) {
        return RT_SENT_ERROR;
    }
    *result = rt_none;
    return RT_SENT_RETURN;
}

/* Whether the body may run; else there is a pending error. */
static bool
may_run(struct rt_coroutine *frame, const struct rt_object *sent)
{
    if (frame->state == RT_COROUTINE_RUNNING) {
        rt_error_set(RT_ERROR_VALUE, "%s already executing", kind_of(frame));
        return false;
    }
    if (frame->state != RT_COROUTINE_CREATED || sent == rt_none) {
        return true;
    }
    if (sent != NULL) {
        rt_error_set(RT_ERROR_TYPE,
                     "can't send non-None value to a just-started %s",
                     kind_of(frame));
    }
    else {
        rt_coroutine_finish(frame); // nobody is there yet who could catch it
    }
    return false;
}

// --- delegation ------------------------------------------------------------

/* Whether it is a coroutine that somebody else waits for. */
static bool
has_waiter(const struct rt_object *awaited)
{
    const struct rt_coroutine *frame = (const struct rt_coroutine *)awaited;
    return rt_coroutine_check(awaited) &&
           !rt_coroutine_code(awaited)->is_generator &&
           frame->state == RT_COROUTINE_SUSPENDED && frame->awaiting != NULL;
}

/* The first send to what the body wants to await. */
static enum rt_sent
begin_await(struct rt_object *awaited, struct rt_object **value)
{
    if (awaited == NULL) {
        return RT_SENT_ERROR; // the call that was to be awaited has failed
    }
    if (awaited->ob_type->send == NULL) {
        rt_error_set(RT_ERROR_TYPE,
                     "object %s can't be used in 'await' expression",
                     awaited->ob_type->name);
        return RT_SENT_ERROR;
    }
    if (has_waiter(awaited)) {
        rt_error_set(RT_ERROR_RUNTIME, "coroutine is being awaited already");
        return RT_SENT_ERROR;
    }
    return awaited->ob_type->send(awaited, rt_none, value);
}

/* What is sent goes to what is awaited. A generator-exit closes it first, and
 * then it is over. */
static enum rt_sent
continue_await(struct rt_object *awaited, struct rt_object *sent,
               struct rt_object **value)
{
    if (sent != NULL || rt_error_occurred() != RT_ERROR_GENERATOR_EXIT ||
        !rt_coroutine_check(awaited)) {
        return awaited->ob_type->send(awaited, sent, value);
    }
    struct rt_error_state exit = rt_error_fetch();
    if (rt_coroutine_close(awaited) == 0) {
        rt_error_restore(&exit);
    }
    else {
        rt_xdecref(exit.exception);
    }
    return RT_SENT_ERROR;
}

/* Runs the body, and what it awaits, until one of them hands something out or
 * the body is over. */
static enum rt_sent
run(struct rt_coroutine *frame, struct rt_object *sent,
    struct rt_object **result)
{
    const struct rt_code *code = rt_coroutine_code(&frame->head);
    struct rt_object *value = NULL;
    enum rt_sent how;
    if (frame->awaiting != NULL) {
        how = continue_await(frame->awaiting, sent, &value);
    }
    else {
        how = code->body(frame, sent, result);
        if (how != RT_SENT_AWAIT) {
            return how;
        }
        how = begin_await(frame->awaiting, &value);
    }
    while (how != RT_SENT_YIELD) {
        rt_clear(&frame->awaiting);
        sent = how == RT_SENT_RETURN ? value : NULL;
        how = code->body(frame, sent, result);
        rt_xdecref(sent);
        if (how != RT_SENT_AWAIT) {
            return how;
        }
        how = begin_await(frame->awaiting, &value);
    }
    *result = value;
    return RT_SENT_YIELD;
}

// --- for people ------------------------------------------------------------

enum rt_sent
rt_coroutine_send(struct rt_object *object, struct rt_object *sent,
                  struct rt_object **result)
{
    struct rt_coroutine *frame = (struct rt_coroutine *)object;
    if (frame->state == RT_COROUTINE_CLOSED) {
        return send_to_closed(object, sent, result);
    }
    if (frame->state != RT_COROUTINE_SUSPENDED && !may_run(frame, sent)) {
        return RT_SENT_ERROR;
    }
    frame->state = RT_COROUTINE_RUNNING;
    enum rt_sent how = run(frame, sent, result);
    if (how == RT_SENT_YIELD) {
        frame->state = RT_COROUTINE_SUSPENDED;
        return how;
    }
    if (how == RT_SENT_ERROR &&
        rt_error_occurred() == RT_ERROR_STOP_ITERATION) {
        rt_error_set(RT_ERROR_RUNTIME, "%s raised StopIteration",
                     kind_of(frame));
    }
    rt_coroutine_finish(frame);
    return how;
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
    struct rt_coroutine *frame = (struct rt_coroutine *)object;
    struct rt_object *result = NULL;
    if (frame->state == RT_COROUTINE_CREATED) {
        rt_coroutine_never_begin(frame);
    }
    if (frame->state == RT_COROUTINE_CLOSED) {
        return 0;
    }
    rt_error_set(RT_ERROR_GENERATOR_EXIT, "%s", "");
    enum rt_sent how = rt_coroutine_send(object, NULL, &result);
    if (how == RT_SENT_ERROR) {
        rt_error_clear();
        return 0;
    }
    rt_decref(result);
    return how == RT_SENT_RETURN
               ? 0
               : rt_error_set(RT_ERROR_RUNTIME, "%s ignored GeneratorExit",
                              kind_of(frame));
}

struct rt_object *
rt_generator_next(struct rt_object *generator)
{
    struct rt_object *result = NULL;
    if (rt_coroutine_send(generator, rt_none, &result) == RT_SENT_YIELD) {
        return result;
    }
    rt_xdecref(result); // the value of a return goes to nobody
    return NULL;
}
