/* Lab 23: send, throw and close. The task is in task.md beside this file;
 * what each function promises is in labs/runtime/coroutine.h, under "driving
 * one", and how bodies are written above that.
 *
 * Work from top to bottom: the checks come in the same order. */
#include <stddef.h>

#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"

enum rt_sent
rt_coroutine_send(struct rt_object *object, struct rt_object *sent,
                  struct rt_object **result)
{
    // TODO 1: let the body of its code run. In which state is it while that
    // happens, and in which afterwards?
    // TODO 2: who may not run? What is the answer then?
    // TODO 5: the body awaits something. Who gets the next value now, and
    // who the next error?
    // TODO 6: a generator-exit is no error like the others.
    (void)object;
    (void)sent;
    (void)result;
    return RT_SENT_ERROR;
}

enum rt_sent
rt_coroutine_throw(struct rt_object *object, struct rt_object *exception,
                   struct rt_object **result)
{
    // TODO 3: how does a body learn of an error?
    (void)object;
    (void)exception;
    (void)result;
    return RT_SENT_ERROR;
}

int
rt_coroutine_close(struct rt_object *object)
{
    // TODO 4: which answers to a generator-exit are good ones?
    (void)object;
    return 0;
}

struct rt_object *
rt_generator_next(struct rt_object *generator)
{
    // TODO 2 as well: the end is no error here.
    (void)generator;
    return NULL;
}
