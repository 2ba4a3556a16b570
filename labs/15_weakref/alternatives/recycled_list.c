/* Another right solution: links point to whatever points to them, which needs
 * no question about the first. The pointer to that pointer lies in `previous`.
 * The dying object's references with callbacks are collected from the end of
 * the list to its beginning, through `previous`. */
#include "labs/runtime/weakref.h"

#include <stddef.h>

#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"

/* Who points to this one: the object's list or somebody's next. */
static struct rt_weakref **
pointer_to(const struct rt_weakref *reference)
{
    return (struct rt_weakref **)(void *)reference->previous;
}

static void
set_pointer_to(struct rt_weakref *reference, struct rt_weakref **pointer)
{
    reference->previous = (struct rt_weakref *)(void *)pointer;
}

static struct rt_weakref **
list_of(struct rt_object *object)
{
    size_t offset = object->ob_type->weaklist_offset;
    return offset == 0 ? NULL
                       : (struct rt_weakref **)((char *)object + offset);
}

struct rt_weakref *
rt_weakref_first(struct rt_object *object)
{
    struct rt_weakref **list = list_of(object);
    return list == NULL ? NULL : *list;
}

size_t
rt_weakref_count(struct rt_object *object)
{
    struct rt_weakref *at = rt_weakref_first(object);
    size_t count = 0;
    for (; at != NULL; count++) {
        at = at->next;
    }
    return count;
}

void
rt_weakref_clear(struct rt_weakref *reference)
{
    if (reference->referent == NULL) {
        return;
    }
    *pointer_to(reference) = reference->next;
    if (reference->next != NULL) {
        reference->next->previous = reference->previous;
    }
    reference->referent = NULL;
}

static void
weakref_dealloc(struct rt_object *object)
{
    struct rt_weakref *reference = (struct rt_weakref *)object;
    struct rt_object *callback = reference->callback;
    rt_gc_untrack(object);
    rt_weakref_clear(reference);
    rt_gc_free(object);
    rt_xdecref(callback);
}

static int
weakref_traverse(struct rt_object *object,
                 int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct rt_weakref *reference = (struct rt_weakref *)object;
    int result = 0;
    if (reference->callback != NULL) {
        result = visit(reference->callback, data);
    }
    return result;
}

/* The callback is all that a cycle can run through. */
static void
weakref_clear(struct rt_object *object)
{
    rt_weakref_clear((struct rt_weakref *)object);
    rt_set_ref(&((struct rt_weakref *)object)->callback, NULL);
}

static const struct rt_type weakref_type = {
    .name = "weakref",
    .basicsize = sizeof(struct rt_weakref),
    .dealloc = weakref_dealloc,
    .traverse = weakref_traverse,
    .clear = weakref_clear,
};

bool
rt_weakref_check(const struct rt_object *object)
{
    return object->ob_type == &weakref_type;
}

/* The one without a callback, as a new reference, or NULL. */
static struct rt_object *
get_shared(struct rt_object *object)
{
    struct rt_weakref *first = rt_weakref_first(object);
    if (first == NULL || first->callback != NULL) {
        return NULL;
    }
    return rt_new_ref(&first->head);
}

struct rt_object *
rt_weakref_new(struct rt_object *object, struct rt_object *callback)
{
    struct rt_weakref **place = list_of(object);
    if (place == NULL) {
        rt_error_set(RT_ERROR_TYPE, "cannot create weak reference to '%s'",
                     object->ob_type->name);
        return NULL;
    }
    struct rt_object *shared = callback == NULL ? get_shared(object) : NULL;
    if (shared != NULL) {
        return shared;
    }
    struct rt_weakref *made =
        (struct rt_weakref *)rt_gc_new(&weakref_type, 0);
    if (made == NULL) {
        return NULL;
    }
    made->referent = NULL;
    made->callback = callback;
    rt_xincref(callback);
    shared = get_shared(object);
    if (shared != NULL && callback == NULL) {
        rt_decref(&made->head);
        return shared;
    }
    if (shared != NULL) {
        place = &((struct rt_weakref *)shared)->next;
        rt_decref(shared); // the list still has it: somebody holds it
    }
    made->referent = object;
    made->next = *place;
    set_pointer_to(made, place);
    if (made->next != NULL) {
        set_pointer_to(made->next, &made->next);
    }
    *place = made;
    rt_gc_track(&made->head);
    return &made->head;
}

struct rt_object *
rt_weakref_get(struct rt_object *reference)
{
    struct rt_object *object = ((struct rt_weakref *)reference)->referent;
    bool lives = object != NULL && object->ob_refcnt != 0;
    return lives ? rt_new_ref(object) : NULL;
}

void
rt_weakref_call_back(struct rt_weakref *reference)
{
    struct rt_object *callback = reference->callback;
    rt_incref(callback);
    if (callback->ob_type->call(callback, &reference->head) == -1) {
        rt_error_unraisable(callback);
    }
    rt_decref(callback);
}

/* Turns the list round while it clears it, keeping those with callbacks, then
 * turns what it kept round again. */
void
rt_weakref_clear_all(struct rt_object *object)
{
    struct rt_weakref *backwards = NULL;
    while (rt_weakref_first(object) != NULL) {
        struct rt_weakref *one = rt_weakref_first(object);
        rt_weakref_clear(one);
        if (one->callback != NULL) {
            rt_incref(&one->head);
            one->previous = backwards;
            backwards = one;
        }
    }
    struct rt_weakref *waiting = NULL;
    while (backwards != NULL) {
        struct rt_weakref *one = backwards;
        backwards = one->previous;
        one->next = waiting;
        waiting = one;
    }
    struct rt_error_state before = rt_error_fetch();
    while (waiting != NULL) {
        struct rt_weakref *one = waiting;
        waiting = one->next;
        rt_weakref_call_back(one);
        rt_set_ref(&one->callback, NULL);
        rt_decref(&one->head);
    }
    rt_error_restore(&before);
}
