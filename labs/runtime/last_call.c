#include "labs/runtime/last_call.h"

#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/shutdown.h"
#include "labs/runtime/weakref.h"

struct last_call {
    struct rt_object head;
    struct rt_object *function;  // ours
    struct rt_object *reference; // ours; NULL when not registered any more
    struct last_call *older, *newer;
};

/* The registry: a list that owns a reference to each member. */
static struct last_call *newest;

/* Takes one out. What the registry and it held of each other is yours. */
static struct rt_object *
unregister(struct last_call *one)
{
    struct rt_object *reference = one->reference;
    if (one->newer != NULL) {
        one->newer->older = one->older;
    }
    else {
        newest = one->older;
    }
    if (one->older != NULL) {
        one->older->newer = one->newer;
    }
    one->older = one->newer = NULL;
    one->reference = NULL;
    return reference;
}

int
rt_last_call_now(struct rt_object *last_call)
{
    struct last_call *one = (struct last_call *)last_call;
    if (one->reference == NULL) {
        return 0;
    }
    struct rt_object *reference = unregister(one);
    int result = one->function->ob_type->call(one->function, last_call);
    rt_decref(reference);
    rt_decref(last_call); // the registry's
    return result;
}

/* As the callback of its own weak reference. */
static int
last_call_call(struct rt_object *object, struct rt_object *reference)
{
    (void)reference;
    return rt_last_call_now(object);
}

static void
last_call_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    rt_clear(&((struct last_call *)object)->function);
    rt_gc_free(object);
}

static int
last_call_traverse(struct rt_object *object,
                   int (*visit)(struct rt_object *held, void *data),
                   void *data)
{
    struct last_call *one = (struct last_call *)object;
    int result = one->function != NULL ? visit(one->function, data) : 0;
    if (result == 0 && one->reference != NULL) {
        result = visit(one->reference, data);
    }
    return result;
}

static const struct rt_type last_call_type = {
    .name = "finalize",
    .basicsize = sizeof(struct last_call),
    .dealloc = last_call_dealloc,
    .traverse = last_call_traverse,
    .call = last_call_call,
};

static bool has_exit_function;

/* (finalize._exitfunc) */
static int
run_at_exit(void *unused)
{
    (void)unused;
    has_exit_function = false;
    rt_last_call_at_exit();
    return 0;
}

static int
register_exit_function(void)
{
    if (!has_exit_function && rt_at_exit(run_at_exit, NULL) != 0) {
        return -1;
    }
    has_exit_function = true;
    return 0;
}

struct rt_object *
rt_last_call_new(struct rt_object *object, struct rt_object *function)
{
    if (register_exit_function() != 0) {
        return NULL;
    }
    struct rt_object *made = rt_gc_new(&last_call_type, 0);
    if (made == NULL) {
        return NULL;
    }
    struct last_call *one = (struct last_call *)made;
    one->function = rt_new_ref(function);
    one->reference = NULL;
    one->older = one->newer = NULL;
    one->reference = rt_weakref_new(object, made);
    if (one->reference == NULL) {
        rt_decref(made);
        return NULL;
    }
    rt_gc_track(made);
    one->older = newest;
    if (newest != NULL) {
        newest->newer = one;
    }
    newest = one;
    return rt_new_ref(made); // the first reference is the registry's
}

bool
rt_last_call_check(const struct rt_object *object)
{
    return object->ob_type == &last_call_type;
}

bool
rt_last_call_detach(struct rt_object *last_call)
{
    struct last_call *one = (struct last_call *)last_call;
    struct rt_object *referent =
        one->reference != NULL ? rt_weakref_get(one->reference) : NULL;
    if (referent == NULL) {
        return false;
    }
    rt_decref(unregister(one));
    rt_decref(last_call); // the registry's
    rt_decref(referent);
    return true;
}

bool
rt_last_call_is_alive(struct rt_object *last_call)
{
    return ((struct last_call *)last_call)->reference != NULL;
}

void
rt_last_call_at_exit(void)
{
    bool was_enabled = rt_gc_is_enabled();
    rt_gc_disable();
    while (newest != NULL) {
        struct rt_object *object = rt_new_ref(&newest->head);
        if (rt_last_call_now(object) != 0) {
            rt_error_unraisable(object);
        }
        rt_decref(object);
    }
    if (was_enabled) {
        rt_gc_enable();
    }
}
