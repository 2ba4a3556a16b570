#include "labs/runtime/weakref.h"

#include <assert.h>

#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/proxy.h"

/* What the one without a callback does not have: it always stands first in its
 * list, and never becomes one of another kind. There are many, so this counts.
 */
enum {
    REST_BYTES =
        sizeof(struct rt_weakref) - offsetof(struct rt_weakref, previous)
};

static const struct rt_type weakref_type;

/* Where the object's list begins. */
static struct rt_weakref **
list_of(struct rt_object *object)
{
    return (struct rt_weakref **)((char *)object +
                                  object->ob_type->weaklist_offset);
}

// --- the list --------------------------------------------------------------

/* Puts a new one behind previous, or first. */
static void
link_in(struct rt_weakref *reference, struct rt_weakref *previous)
{
    struct rt_weakref **list = list_of(reference->referent);
    reference->next = previous != NULL ? previous->next : *list;
    if (reference->next != NULL) {
        reference->next->previous = reference;
    }
    if (previous != NULL) {
        reference->previous = previous;
        previous->next = reference;
    }
    else {
        *list = reference;
    }
}

void
rt_weakref_clear(struct rt_weakref *reference)
{
    if (reference->referent == NULL) {
        return;
    }
    struct rt_weakref **list = list_of(reference->referent);
    if (*list == reference) {
        *list = reference->next;
    }
    else {
        reference->previous->next = reference->next;
        if (reference->next != NULL) {
            reference->next->previous = reference->previous;
        }
    }
    reference->referent = NULL;
    reference->next = NULL;
}

// --- the object ------------------------------------------------------------

static void
weakref_dealloc(struct rt_object *object)
{
    struct rt_weakref *reference = (struct rt_weakref *)object;
    rt_gc_untrack(object);
    rt_weakref_clear(reference);
    rt_clear(&reference->callback);
    rt_gc_free(object);
}

/* Not the referent: that is the point of it. */
static int
weakref_traverse(struct rt_object *object,
                 int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_object *callback = ((struct rt_weakref *)object)->callback;
    return callback != NULL ? visit(callback, data) : 0;
}

static void
weakref_empty(struct rt_object *object)
{
    struct rt_weakref *reference = (struct rt_weakref *)object;
    rt_weakref_clear(reference);
    rt_clear(&reference->callback);
}

static const struct rt_type weakref_type = {
    .name = "weakref",
    .basicsize = offsetof(struct rt_weakref, previous),
    .dealloc = weakref_dealloc,
    .traverse = weakref_traverse,
    .clear = weakref_empty,
};

/* The one without a callback, or NULL. It stands first. */
static struct rt_weakref *
basic_of(struct rt_object *object)
{
    struct rt_weakref *first = *list_of(object);
    return first != NULL && first->callback == NULL ? first : NULL;
}

/* The last of those that are shared, or NULL: the one without a callback, and
 * behind it the proxy without one. */
static struct rt_weakref *
last_shared(struct rt_object *object)
{
    struct rt_weakref *basic = basic_of(object);
    struct rt_weakref *next = basic != NULL ? basic->next : *list_of(object);
    return next != NULL && rt_proxy_is_shared(next) ? next : basic;
}

struct rt_object *
rt_weakref_new(struct rt_object *object, struct rt_object *callback)
{
    if (object->ob_type->weaklist_offset == 0) {
        rt_error_set(RT_ERROR_TYPE, "cannot create weak reference to '%s'",
                     object->ob_type->name);
        return NULL;
    }
    struct rt_weakref *basic = basic_of(object);
    if (callback == NULL && basic != NULL) {
        return rt_new_ref(&basic->head);
    }
    struct rt_object *made =
        rt_gc_new(&weakref_type, callback != NULL ? REST_BYTES : 0);
    if (made == NULL) {
        return NULL;
    }
    struct rt_weakref *reference = (struct rt_weakref *)made;
    reference->referent = NULL;
    reference->callback = NULL;
    // Making it may have started a collection, and that may have made or
    // freed the shared one.
    basic = basic_of(object);
    if (callback == NULL && basic != NULL) {
        rt_decref(made);
        return rt_new_ref(&basic->head);
    }
    reference->referent = object;
    reference->callback = callback;
    rt_xincref(callback);
    link_in(reference, callback != NULL ? last_shared(object) : NULL);
    rt_gc_track(made); // last: this may start a collection, too
    return made;
}

struct rt_object *
rt_weakref_get(struct rt_object *reference)
{
    struct rt_object *referent = ((struct rt_weakref *)reference)->referent;
    // At 0 the object is dying, although nobody has cleared this one yet.
    return referent != NULL && referent->ob_refcnt > 0 ? rt_new_ref(referent)
                                                       : NULL;
}

bool
rt_weakref_check(const struct rt_object *object)
{
    // What is of another kind has taken over this slot (see weak_kind.h).
    return object->ob_type->clear == weakref_empty;
}

struct rt_weakref *
rt_weakref_first(struct rt_object *object)
{
    return object->ob_type->weaklist_offset != 0 ? *list_of(object) : NULL;
}

size_t
rt_weakref_count(struct rt_object *object)
{
    size_t count = 0;
    for (struct rt_weakref *at = rt_weakref_first(object); at != NULL;
         at = at->next) {
        count++;
    }
    return count;
}

// --- death -----------------------------------------------------------------

void
rt_weakref_call_back(struct rt_weakref *reference)
{
    struct rt_object *callback = reference->callback;
    assert(callback != NULL);
    rt_incref(callback);
    if (callback->ob_type->call(callback, &reference->head) != 0) {
        rt_error_unraisable(callback);
    }
    rt_decref(callback);
}

/* Calls the callbacks of a list of weak references and gives the list back.
 * Not a part of the caller, which mostly has nobody to tell. */
static __attribute__((noinline)) void
tell(struct rt_weakref *first)
{
    struct rt_error_state pending = rt_error_fetch();
    for (struct rt_weakref *at = first; at != NULL; at = at->next) {
        rt_weakref_call_back(at);
        rt_clear(&at->callback);
    }
    while (first != NULL) {
        struct rt_weakref *told = first;
        first = told->next;
        told->next = NULL;
        rt_decref(&told->head);
    }
    rt_error_restore(&pending);
}

/* CPython puts the references with callbacks into a tuple, which may fail for
 * want of memory. Here they form a list of their own, through the links that
 * they need no more. All of them are held until the last call is over, because
 * a callback may release any of the others, or collect. */
void
rt_weakref_clear_all(struct rt_object *object)
{
    struct rt_weakref *first = NULL;
    struct rt_weakref **end = &first;
    struct rt_weakref *at = NULL;
    while ((at = rt_weakref_first(object)) != NULL) {
        *list_of(object) = at->next;
        at->referent = NULL;
        at->next = NULL;
        if (at->callback != NULL) {
            rt_incref(&at->head);
            *end = at;
            end = &at->next;
        }
    }
    if (first != NULL) {
        tell(first);
    }
}
