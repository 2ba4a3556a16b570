/* Another right solution: the list of an object is a ring in one direction,
 * so that its first member knows the last (first->previous), and death walks
 * it twice: once to clear, once to call, with no list of its own. */
#include "labs/runtime/weakref.h"

#include <stddef.h>

#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"

bool
rt_weakref_check(const struct rt_object *object)
{
    // Types may be recognised by what they do.
    return object->ob_type->basicsize == sizeof(struct rt_weakref) &&
           object->ob_type->name[0] == 'w';
}

static struct rt_weakref **
head_of(struct rt_object *object)
{
    char *bytes = (char *)object;
    return (struct rt_weakref **)(bytes + object->ob_type->weaklist_offset);
}

static void
insert_before(struct rt_weakref **head, struct rt_weakref *one,
              struct rt_weakref *next)
{
    struct rt_weakref *last = *head != NULL ? (*head)->previous : one;
    one->next = next;
    if (next == NULL) { // at the end
        if (*head == NULL) {
            *head = one;
        }
        else {
            last->next = one;
        }
        one->previous = last;
        (*head)->previous = one;
        return;
    }
    one->previous = next->previous;
    next->previous = one;
    if (*head == next) {
        *head = one;
    }
    else {
        one->previous->next = one;
    }
}

static void
take_out(struct rt_weakref **head, struct rt_weakref *one)
{
    if (*head == one) {
        *head = one->next;
        if (*head != NULL) {
            (*head)->previous = one->previous;
        }
        return;
    }
    one->previous->next = one->next;
    if (one->next != NULL) {
        one->next->previous = one->previous;
    }
    else {
        (*head)->previous = one->previous;
    }
}

void
rt_weakref_clear(struct rt_weakref *reference)
{
    if (reference->referent != NULL) {
        take_out(head_of(reference->referent), reference);
        reference->referent = NULL;
    }
}

static void
empty(struct rt_object *object)
{
    rt_weakref_clear((struct rt_weakref *)object);
    rt_clear(&((struct rt_weakref *)object)->callback);
}

static void
dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    empty(object);
    rt_gc_free(object);
}

static int
traverse(struct rt_object *object,
         int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_weakref *reference = (struct rt_weakref *)object;
    if (reference->callback == NULL) {
        return 0;
    }
    return visit(reference->callback, data);
}

static const struct rt_type type = {.name = "weakref",
                                    .basicsize = sizeof(struct rt_weakref),
                                    .dealloc = dealloc,
                                    .traverse = traverse,
                                    .clear = empty};

struct rt_object *
rt_weakref_new(struct rt_object *object, struct rt_object *callback)
{
    if (object->ob_type->weaklist_offset == 0) {
        rt_error_set(RT_ERROR_TYPE, "cannot create weak reference to '%s'",
                     object->ob_type->name);
        return NULL;
    }
    struct rt_weakref **head = head_of(object);
    struct rt_object *made = NULL;
    for (;;) {
        struct rt_weakref *first = *head;
        bool has_shared = first != NULL && first->callback == NULL;
        if (callback == NULL && has_shared) {
            rt_incref(&first->head);
            rt_xdecref(made);
            return &first->head;
        }
        if (made != NULL) {
            struct rt_weakref *one = (struct rt_weakref *)made;
            one->referent = object;
            one->callback = callback;
            rt_xincref(callback);
            insert_before(head, one, has_shared ? first->next : first);
            rt_gc_track(made);
            return made;
        }
        made = rt_gc_new(&type, 0);
        if (made == NULL) {
            return NULL;
        }
        ((struct rt_weakref *)made)->referent = NULL;
        ((struct rt_weakref *)made)->callback = NULL;
        // And look at the list once more.
    }
}

struct rt_object *
rt_weakref_get(struct rt_object *reference)
{
    struct rt_object *object = ((struct rt_weakref *)reference)->referent;
    if (object == NULL || object->ob_refcnt == 0) {
        return NULL;
    }
    rt_incref(object);
    return object;
}

struct rt_weakref *
rt_weakref_first(struct rt_object *object)
{
    if (object->ob_type->weaklist_offset == 0) {
        return NULL;
    }
    return *head_of(object);
}

static size_t
count_from(const struct rt_weakref *at)
{
    size_t count = 0;
    while (at != NULL) {
        count++;
        at = at->next;
    }
    return count;
}

size_t
rt_weakref_count(struct rt_object *object)
{
    return count_from(rt_weakref_first(object));
}

void
rt_weakref_call_back(struct rt_weakref *reference)
{
    struct rt_object *callback = rt_new_ref(reference->callback);
    int result = callback->ob_type->call(callback, &reference->head);
    if (result < 0) {
        rt_error_unraisable(callback);
    }
    rt_decref(callback);
}

/* The first sweep takes a reference to each, so that the ring stays whole
 * until the second sweep has come by. */
void
rt_weakref_clear_all(struct rt_object *object)
{
    struct rt_weakref *first = rt_weakref_first(object);
    if (first == NULL) {
        return;
    }
    *head_of(object) = NULL;
    for (struct rt_weakref *at = first; at != NULL; at = at->next) {
        at->referent = NULL;
        rt_incref(&at->head);
    }
    struct rt_error_state state = rt_error_fetch();
    for (struct rt_weakref *at = first, *next = NULL; at != NULL; at = next) {
        next = at->next;
        if (at->callback != NULL) {
            rt_weakref_call_back(at);
            rt_clear(&at->callback);
        }
        rt_decref(&at->head);
    }
    rt_error_restore(&state);
}
