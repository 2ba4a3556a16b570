#include "labs/runtime/last_call.h"

#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/shutdown.h"
#include "labs/runtime/weakref.h"

/* What the registry knows of one (finalize._Info). */
struct info {
    struct rt_object head;
    struct rt_object *function;  // ours
    struct rt_object *reference; // ours
};

struct last_call {
    struct rt_object head;
    struct info *info; // the registry's; NULL when not registered any more
    struct last_call *older, *newer;
};

/* The registry: a list that owns a reference to each member and its info. */
static struct last_call *newest;

// --- info ------------------------------------------------------------------

static void
info_dealloc(struct rt_object *object)
{
    struct info *info = (struct info *)object;
    rt_gc_untrack(object);
    rt_clear(&info->reference);
    rt_clear(&info->function);
    rt_gc_free(object);
}

static int
info_traverse(struct rt_object *object,
              int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct info *info = (struct info *)object;
    int result = visit(info->reference, data);
    return result != 0 ? result : visit(info->function, data);
}

static const struct rt_type info_type = {
    .name = "_Info",
    .basicsize = sizeof(struct info),
    .dealloc = info_dealloc,
    .traverse = info_traverse,
};

/* A new one, or NULL with a pending error. */
static struct info *
new_info(struct rt_object *object, struct rt_object *last_call,
         struct rt_object *function)
{
    struct rt_object *made = rt_gc_new(&info_type, 0);
    struct info *info = (struct info *)made;
    if (made == NULL) {
        return NULL;
    }
    info->function = rt_new_ref(function);
    info->reference = rt_weakref_new(object, last_call);
    if (info->reference == NULL) {
        rt_decref(made);
        return NULL;
    }
    rt_gc_track(made);
    return info;
}

// --- the registry ----------------------------------------------------------

/* Takes one out. What the registry held of it is yours: a reference to it, and
 * its info. */
static struct info *
unregister(struct last_call *one)
{
    struct info *info = one->info;
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
    one->info = NULL;
    return info;
}

int
rt_last_call_now(struct rt_object *last_call)
{
    struct last_call *one = (struct last_call *)last_call;
    if (one->info == NULL) {
        return 0;
    }
    struct info *info = unregister(one);
    int result = info->function->ob_type->call(info->function, last_call);
    rt_decref(&info->head);
    rt_decref(last_call); // the registry's
    return result;
}

// --- the type --------------------------------------------------------------

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
    rt_gc_free(object);
}

static int
last_call_traverse(struct rt_object *object,
                   int (*visit)(struct rt_object *held, void *data),
                   void *data)
{
    (void)object;
    (void)visit;
    (void)data;
    return 0;
}

static struct rt_object *last_call_copy(struct rt_object *object);
static struct rt_object *last_call_deepcopy(struct rt_object *object,
                                            struct rt_copy_memo *memo);

static const struct rt_type last_call_type = {
    .name = "finalize",
    .basicsize = sizeof(struct last_call),
    .dealloc = last_call_dealloc,
    .traverse = last_call_traverse,
    .copy = last_call_copy,
    .deepcopy = last_call_deepcopy,
    .call = last_call_call,
};

/* One that is not registered, tracked. */
static struct rt_object *
new_last_call(void)
{
    struct rt_object *made = rt_gc_new(&last_call_type, 0);
    struct last_call *one = (struct last_call *)made;
    if (made != NULL) {
        one->info = NULL;
        one->older = one->newer = NULL;
        rt_gc_track(made);
    }
    return made;
}

/* The registry knows nothing of a copy, so it is dead. */
static struct rt_object *
last_call_copy(struct rt_object *object)
{
    (void)object;
    return new_last_call();
}

static struct rt_object *
last_call_deepcopy(struct rt_object *object, struct rt_copy_memo *memo)
{
    (void)object;
    (void)memo;
    return new_last_call();
}

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
    struct rt_object *made = new_last_call();
    if (made == NULL) {
        return NULL;
    }
    struct last_call *one = (struct last_call *)made;
    one->info = new_info(object, made, function);
    if (one->info == NULL) {
        rt_decref(made);
        return NULL;
    }
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
        one->info != NULL ? rt_weakref_get(one->info->reference) : NULL;
    if (referent == NULL) {
        return false;
    }
    rt_decref(&unregister(one)->head);
    rt_decref(last_call); // the registry's
    rt_decref(referent);
    return true;
}

bool
rt_last_call_is_alive(struct rt_object *last_call)
{
    return ((struct last_call *)last_call)->info != NULL;
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
