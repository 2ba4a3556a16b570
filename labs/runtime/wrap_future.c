#include "labs/runtime/wrap_future.h"

#include <pthread.h>
#include <stddef.h>

#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/none.h"
#include "labs/runtime/pool_future.h"

/* It is three things: the callback of the loop's future, the letter to the
 * loop, and what the callback of the pool's future holds. */
struct link {
    struct rt_object head;
    struct rt_object *source; // ours, the pool's future
    struct rt_object *target; // ours, the loop's future

    // Guarded by links_mutex.
    struct rt_loop *loop; // borrowed; NULL: it is closed
    struct link *next, **here;
};

/* Those whose call is not over. A worker posts with the mutex taken, so that
 * the loop cannot go away meanwhile. */
static pthread_mutex_t links_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct link *links;

// --- as an object ----------------------------------------------------------

static int
link_traverse(struct rt_object *object,
              int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct link *link = (struct link *)object;
    int result = link->source != NULL ? visit(link->source, data) : 0;
    return result == 0 && link->target != NULL ? visit(link->target, data)
                                               : result;
}

static void
link_clear(struct rt_object *object)
{
    rt_clear(&((struct link *)object)->source);
    rt_clear(&((struct link *)object)->target);
}

static void
link_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    link_clear(object);
    rt_gc_free(object);
}

/* _set_state: in the loop. */
static int
pass_on(const struct link *link)
{
    struct rt_object *result = NULL;
    struct rt_object *target = link->target;
    if (rt_future_is_done(target)) {
        return 0;
    }
    if (rt_pool_future_is_cancelled(link->source)) {
        rt_future_cancel(target, NULL);
        return 0;
    }
    if (rt_pool_future_result(link->source, 0, &result) == 0) {
        int status =
            rt_future_set_result(target, result != NULL ? result : rt_none);
        rt_xdecref(result);
        return status;
    }
    struct rt_object *exception = rt_exception_catch();
    int status = rt_future_set_exception(target, exception);
    rt_decref(exception);
    return status;
}

/* As a letter it has no argument, as a callback the loop's future. */
static int
link_call(struct rt_object *object, struct rt_object *target)
{
    const struct link *link = (struct link *)object;
    if (target == NULL) {
        return pass_on(link);
    }
    if (rt_future_is_cancelled(target)) {
        rt_pool_future_cancel(link->source);
    }
    return 0;
}

static const struct rt_type link_type = {
    .name = "future link",
    .basicsize = sizeof(struct link),
    .dealloc = link_dealloc,
    .traverse = link_traverse,
    .clear = link_clear,
    .call = link_call,
};

// --- who waits -------------------------------------------------------------

static void
enlist(struct link *link, struct rt_loop *loop)
{
    pthread_mutex_lock(&links_mutex);
    link->loop = loop;
    link->next = links;
    link->here = &links;
    if (links != NULL) {
        links->here = &link->next;
    }
    links = link;
    pthread_mutex_unlock(&links_mutex);
}

/* With the mutex taken. */
static void
unlist(struct link *link)
{
    *link->here = link->next;
    if (link->next != NULL) {
        link->next->here = link->here;
    }
}

void
rt_wrap_future_forget(const struct rt_loop *loop)
{
    pthread_mutex_lock(&links_mutex);
    for (struct link *link = links; link != NULL; link = link->next) {
        if (link->loop == loop) {
            link->loop = NULL;
        }
    }
    pthread_mutex_unlock(&links_mutex);
}

/* The call is over, and this is called in any thread, with our reference. */
static void
post(struct rt_object *source, void *data)
{
    struct link *link = data;
    (void)source;
    pthread_mutex_lock(&links_mutex);
    unlist(link);
    if (link->loop != NULL) {
        (void)rt_loop_call_soon_threadsafe(link->loop,
                                           rt_new_ref(&link->head));
    }
    pthread_mutex_unlock(&links_mutex);
    rt_decref(&link->head);
}

// --- for people ------------------------------------------------------------

static struct rt_object *
link_new(struct rt_loop *loop, struct rt_object *source)
{
    struct rt_object *target = rt_future_new(loop);
    struct rt_object *object =
        target != NULL ? rt_gc_new(&link_type, 0) : NULL;
    if (object == NULL) {
        rt_xdecref(target);
        return NULL;
    }
    struct link *link = (struct link *)object;
    link->source = rt_new_ref(source);
    link->target = target;
    rt_gc_track(object);
    return object;
}

struct rt_object *
rt_wrap_future(struct rt_loop *loop, struct rt_object *source)
{
    struct rt_object *object = link_new(loop, source);
    if (object == NULL) {
        return NULL;
    }
    struct link *link = (struct link *)object;
    struct rt_object *target = rt_new_ref(link->target);
    int result = rt_future_add_done_callback(target, object);
    if (result == 0) {
        enlist(link, loop);
        rt_incref(object); // for post()
        result = rt_pool_future_add_done_callback(source, post, link);
        if (result != 0) {
            pthread_mutex_lock(&links_mutex);
            unlist(link);
            pthread_mutex_unlock(&links_mutex);
            rt_decref(object);
        }
    }
    if (result != 0) {
        rt_future_remove_done_callback(target, object);
        rt_clear(&target);
    }
    rt_decref(object);
    return target;
}
