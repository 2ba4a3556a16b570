/* Another right solution: no function calls itself for what is awaited. All
 * that wait for each other stand on a stack of our own, the innermost on top;
 * a loop lets the top run and hands what came of it down. */
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"

/* One of those that run. */
struct level {
    struct rt_coroutine *frame;
    struct rt_object *exit; // ours: it is closed, and this is for its waiter
};

struct chain {
    struct level *levels;
    size_t count, room;
    struct level first[8];
};

/* What is handed from one to the next: value is ours unless how is an error,
 * which is the pending one. */
struct news {
    enum rt_sent how;
    struct rt_object *value;
};

static const struct news failure = {RT_SENT_ERROR, NULL};

static struct rt_coroutine *
as_frame(struct rt_object *object)
{
    return (struct rt_coroutine *)object;
}

static bool
push(struct chain *chain, struct rt_coroutine *frame)
{
    if (chain->count == chain->room) {
        size_t size = chain->room * sizeof(struct level);
        struct level *more = rt_alloc(2 * size);
        if (more == NULL) {
            rt_error_no_memory();
            return false;
        }
        memcpy(more, chain->levels, size);
        if (chain->levels != chain->first) {
            rt_free(chain->levels);
        }
        chain->levels = more;
        chain->room *= 2;
    }
    chain->levels[chain->count++] = (struct level){.frame = frame};
    frame->state = RT_COROUTINE_RUNNING;
    return true;
}

/* The answer of one that does not run at all. False: it may run. */
static bool
is_refused(struct rt_coroutine *frame, const struct rt_object *sent,
           struct news *news)
{
    const char *kind = frame->head.ob_type->name;
    *news = failure;
    switch (frame->state) {
    case RT_COROUTINE_RUNNING:
        rt_error_set(RT_ERROR_VALUE, "%s already executing", kind);
        return true;
    case RT_COROUTINE_CREATED:
        if (sent == NULL) {
            rt_coroutine_finish(frame);
        }
        else if (sent != rt_none) {
            rt_error_set(RT_ERROR_TYPE,
                         "can't send non-None value to a just-started %s",
                         kind);
        }
        return sent != rt_none;
    case RT_COROUTINE_CLOSED:
        if (!rt_coroutine_code(&frame->head)->is_generator) {
            rt_error_set(RT_ERROR_RUNTIME,
                         "cannot reuse already awaited coroutine");
        }
        else if (sent != NULL) {
            *news = (struct news){RT_SENT_RETURN, rt_none};
        }
        return true;
    case RT_COROUTINE_SUSPENDED:
    default:
        return false;
    }
}

/* Lets the body of the top run. */
static struct news
run_body(struct rt_coroutine *frame, struct rt_object *sent)
{
    struct news news = failure;
    const struct rt_code *code = rt_coroutine_code(&frame->head);
    news.how = code->body(frame, sent, &news.value);
    if (news.how == RT_SENT_ERROR &&
        rt_error_occurred() == RT_ERROR_STOP_ITERATION) {
        rt_error_set(RT_ERROR_RUNTIME, "%s raised StopIteration",
                     frame->head.ob_type->name);
    }
    return news;
}

/* Whether it can be awaited; else there is a pending error. */
static bool
can_be_awaited(struct rt_object *awaited)
{
    if (awaited == NULL) {
        return false;
    }
    if (awaited->ob_type->send == NULL) {
        rt_error_set(RT_ERROR_TYPE,
                     "object %s can't be used in 'await' expression",
                     awaited->ob_type->name);
        return false;
    }
    if (rt_coroutine_check(awaited) &&
        as_frame(awaited)->state == RT_COROUTINE_SUSPENDED &&
        as_frame(awaited)->awaiting != NULL &&
        !rt_coroutine_code(awaited)->is_generator) {
        rt_error_set(RT_ERROR_RUNTIME, "coroutine is being awaited already");
        return false;
    }
    return true;
}

/* Begins to close what is awaited, with an exit of its own; that which is
 * pending is kept for the waiter. False: there was nothing to close. */
static bool
begin_closing(struct chain *chain, struct rt_coroutine *frame,
              struct news *news)
{
    *news = failure;
    if (frame->state == RT_COROUTINE_CREATED) {
        rt_coroutine_never_begin(frame);
    }
    if (frame->state == RT_COROUTINE_CLOSED) {
        return false;
    }
    struct rt_object *exit = rt_exception_catch();
    rt_error_set(RT_ERROR_GENERATOR_EXIT, "%s", "");
    if (is_refused(frame, NULL, news) || !push(chain, frame)) {
        rt_decref(exit);
        return false;
    }
    chain->levels[chain->count - 1].exit = exit;
    return true;
}

/* Goes on to what is awaited. True: it is the top now. False: it has answered
 * already, with the news. */
static bool
step_in(struct chain *chain, struct rt_object *awaited, struct rt_object *sent,
        struct news *news)
{
    *news = failure;
    if (!rt_coroutine_check(awaited)) {
        news->how = awaited->ob_type->send(awaited, sent, &news->value);
        return false;
    }
    if (sent == NULL && rt_error_occurred() == RT_ERROR_GENERATOR_EXIT) {
        return begin_closing(chain, as_frame(awaited), news);
    }
    return !is_refused(as_frame(awaited), sent, news) &&
           push(chain, as_frame(awaited));
}

/* Goes from the top to the innermost and lets that run. True: the news come
 * from what the top awaits; false: from the top itself. */
static bool
climb(struct chain *chain, struct rt_object *sent, struct news *news)
{
    struct rt_coroutine *top = chain->levels[chain->count - 1].frame;
    while (top->awaiting != NULL) {
        if (!step_in(chain, top->awaiting, sent, news)) {
            return true;
        }
        top = chain->levels[chain->count - 1].frame;
    }
    *news = run_body(top, sent);
    return false;
}

/* The body of the top wants to await something. Returns as climb(). */
static bool
begin_to_await(struct chain *chain, struct news *news)
{
    struct rt_object *awaited =
        chain->levels[chain->count - 1].frame->awaiting;
    *news = failure;
    return !can_be_awaited(awaited) ||
           !step_in(chain, awaited, rt_none, news) ||
           climb(chain, rt_none, news);
}

/* What comes of closing one, for who awaits it: always an error. Steals
 * level->exit. */
static struct news
closed(struct level *level, struct news news)
{
    enum rt_error error = rt_error_occurred();
    const char *kind = level->frame->head.ob_type->name;
    if (news.how != RT_SENT_ERROR) {
        rt_decref(news.value);
    }
    if (news.how == RT_SENT_YIELD) {
        rt_error_set(RT_ERROR_RUNTIME, "%s ignored GeneratorExit", kind);
    }
    else if (news.how == RT_SENT_RETURN || error == RT_ERROR_GENERATOR_EXIT) {
        rt_exception_raise(level->exit);
    }
    rt_decref(level->exit);
    return failure;
}

/* The top has stopped, or is over: it leaves the stack. */
static struct news
pop(struct chain *chain, struct news news)
{
    struct level top = chain->levels[--chain->count];
    if (news.how == RT_SENT_YIELD) {
        top.frame->state = RT_COROUTINE_SUSPENDED;
    }
    else {
        rt_coroutine_finish(top.frame);
    }
    return top.exit != NULL ? closed(&top, news) : news;
}

/* What the top awaits is over: its body hears of that. */
static struct news
wake(struct rt_coroutine *top, struct news news)
{
    struct rt_object *value = news.how == RT_SENT_RETURN ? news.value : NULL;
    rt_clear(&top->awaiting);
    struct news next = run_body(top, value);
    rt_xdecref(value);
    return next;
}

static struct news
run(struct chain *chain, struct rt_object *sent)
{
    struct news news = failure;
    bool is_from_awaited = climb(chain, sent, &news);
    while (chain->count > 0) {
        if (is_from_awaited && news.how != RT_SENT_YIELD) {
            news = wake(chain->levels[chain->count - 1].frame, news);
        }
        if (news.how == RT_SENT_AWAIT) {
            is_from_awaited = begin_to_await(chain, &news);
        }
        else {
            news = pop(chain, news);
            is_from_awaited = true;
        }
    }
    return news;
}

enum rt_sent
rt_coroutine_send(struct rt_object *object, struct rt_object *sent,
                  struct rt_object **result)
{
    struct chain chain = {.room = 8};
    struct news news = failure;
    chain.levels = chain.first;
    if (!is_refused(as_frame(object), sent, &news) &&
        push(&chain, as_frame(object))) {
        news = run(&chain, sent);
    }
    if (chain.levels != chain.first) {
        rt_free(chain.levels);
    }
    *result = news.value;
    return news.how;
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
    struct rt_object *result = NULL;
    switch (as_frame(object)->state) {
    case RT_COROUTINE_CREATED:
        rt_coroutine_never_begin(as_frame(object));
        return 0;
    case RT_COROUTINE_CLOSED:
        return 0;
    case RT_COROUTINE_RUNNING:
    case RT_COROUTINE_SUSPENDED:
    default:
        break;
    }
    rt_error_set(RT_ERROR_GENERATOR_EXIT, "%s", "");
    switch (rt_coroutine_send(object, NULL, &result)) {
    case RT_SENT_RETURN:
        rt_decref(result);
        return 0;
    case RT_SENT_YIELD:
        rt_decref(result);
        return rt_error_set(RT_ERROR_RUNTIME, "%s ignored GeneratorExit",
                            object->ob_type->name);
    case RT_SENT_ERROR:
    case RT_SENT_AWAIT:
    default:
        if (rt_error_occurred() != RT_ERROR_GENERATOR_EXIT) {
            return -1;
        }
        rt_error_clear();
        return 0;
    }
}

struct rt_object *
rt_generator_next(struct rt_object *generator)
{
    struct rt_object *value = NULL;
    enum rt_sent how = rt_coroutine_send(generator, rt_none, &value);
    if (how == RT_SENT_RETURN) {
        rt_clear(&value);
    }
    return how == RT_SENT_YIELD ? value : NULL;
}
