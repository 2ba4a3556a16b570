#include "labs/runtime/weak_method.h"

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/method.h"
#include "labs/runtime/weakref.h"

/* The weak method holds two weak references, which share a callback: the
 * notice. It tells the weak method and does not hold it, so there is no cycle
 * (in CPython a weak reference to the weak method itself). */
struct weak_method {
    struct rt_object head;
    struct rt_weakref *weakrefs;
    struct rt_object *self;     // ours: a weak reference
    struct rt_object *function; // ours: a weak reference
    struct rt_object *callback; // ours, or NULL
    struct notice *notice;      // ours
    bool is_alive;              // no part has died and told
    int64_t hash;               // of the object; -1: not known yet
};

struct notice {
    struct rt_object head;
    struct weak_method *owner; // borrowed; NULL when it is dead
};

// --- the notice ------------------------------------------------------------

/* A part has died: the weak method dies, once. */
static int
notice_call(struct rt_object *object, struct rt_object *reference)
{
    (void)reference;
    struct weak_method *owner = ((struct notice *)object)->owner;
    if (owner == NULL || !owner->is_alive) {
        return 0;
    }
    owner->is_alive = false;
    if (owner->callback == NULL) {
        return 0;
    }
    struct rt_object *callback = rt_new_ref(owner->callback);
    rt_incref(&owner->head);
    int result = callback->ob_type->call(callback, &owner->head);
    rt_decref(&owner->head);
    rt_decref(callback);
    return result;
}

static void
notice_dealloc(struct rt_object *object)
{
    rt_free(object);
}

static const struct rt_type notice_type = {
    .name = "notice",
    .basicsize = sizeof(struct notice),
    .dealloc = notice_dealloc,
    .call = notice_call,
};

// --- the weak method -------------------------------------------------------

static void
weak_method_dealloc(struct rt_object *object)
{
    struct weak_method *weak = (struct weak_method *)object;
    rt_gc_untrack(object);
    rt_weakref_clear_all(object);
    weak->notice->owner = NULL;
    rt_xdecref(weak->self);
    rt_xdecref(weak->function);
    rt_xdecref(weak->callback);
    rt_decref(&weak->notice->head);
    rt_gc_free(object);
}

static int
weak_method_traverse(struct rt_object *object,
                     int (*visit)(struct rt_object *held, void *data),
                     void *data)
{
    const struct weak_method *weak = (struct weak_method *)object;
    int result = visit(weak->self, data);
    if (result == 0) {
        result = visit(weak->function, data);
    }
    if (result == 0 && weak->callback != NULL) {
        result = visit(weak->callback, data);
    }
    return result;
}

static void
weak_method_clear(struct rt_object *object)
{
    rt_clear(&((struct weak_method *)object)->callback);
}

/* That of the object, remembered when it is asked for the first time. */
static int
weak_method_hash(struct rt_object *object, int64_t *hash)
{
    struct weak_method *weak = (struct weak_method *)object;
    if (weak->hash == -1) {
        struct rt_object *self = rt_weakref_get(weak->self);
        if (self == NULL) {
            return rt_error_set(RT_ERROR_TYPE, "weak object has gone away");
        }
        int result = rt_hash(self, &weak->hash);
        rt_decref(self);
        if (result < 0) {
            return -1;
        }
    }
    *hash = weak->hash;
    return 0;
}

/* Whether the two refer to equal objects: 1 or 0, or -1 with a pending error
 * (weakref_richcompare, of two that are not the same). */
static int
have_equal_referents(struct rt_object *a, struct rt_object *b)
{
    struct rt_object *left = rt_weakref_get(a);
    struct rt_object *right = rt_weakref_get(b);
    int result = left != NULL && right != NULL ? rt_equal(left, right) : 0;
    rt_xdecref(left);
    rt_xdecref(right);
    return result;
}

static int
weak_method_equal(struct rt_object *a, struct rt_object *b)
{
    const struct weak_method *left = (struct weak_method *)a;
    const struct weak_method *right = (struct weak_method *)b;
    if (!left->is_alive || !right->is_alive) {
        return a == b;
    }
    int result = have_equal_referents(left->self, right->self);
    return result == 1 ? have_equal_referents(left->function, right->function)
                       : result;
}

static const struct rt_type weak_method_type = {
    .name = "WeakMethod",
    .basicsize = sizeof(struct weak_method),
    .dealloc = weak_method_dealloc,
    .traverse = weak_method_traverse,
    .clear = weak_method_clear,
    .weaklist_offset = offsetof(struct weak_method, weakrefs),
    .hash = weak_method_hash,
    .equal = weak_method_equal,
};

static struct notice *
new_notice(void)
{
    struct notice *notice = (struct notice *)rt_object_new(&notice_type);
    if (notice != NULL) {
        notice->owner = NULL;
    }
    return notice;
}

/* Puts the parts together, which are stolen. NULL with a pending error. */
static struct rt_object *
assemble(struct notice *notice, struct rt_object *self,
         struct rt_object *function, struct rt_object *callback)
{
    struct rt_object *made = self != NULL && function != NULL
                                 ? rt_gc_new(&weak_method_type, 0)
                                 : NULL;
    if (made == NULL) {
        rt_xdecref(self);
        rt_xdecref(function);
        rt_decref(&notice->head);
        return NULL;
    }
    struct weak_method *weak = (struct weak_method *)made;
    weak->weakrefs = NULL;
    weak->self = self;
    weak->function = function;
    rt_xincref(callback);
    weak->callback = callback;
    weak->notice = notice;
    weak->is_alive = true;
    weak->hash = -1;
    notice->owner = weak;
    rt_gc_track(made);
    return made;
}

struct rt_object *
rt_weak_method_new(struct rt_object *method, struct rt_object *callback)
{
    if (!rt_method_check(method)) {
        rt_error_set(RT_ERROR_TYPE,
                     "argument should be a bound method, not '%s'",
                     method->ob_type->name);
        return NULL;
    }
    struct notice *notice = new_notice();
    if (notice == NULL) {
        return NULL;
    }
    struct rt_object *self =
        rt_weakref_new(rt_method_self(method), &notice->head);
    struct rt_object *function =
        self != NULL
            ? rt_weakref_new(rt_method_function(method), &notice->head)
            : NULL;
    return assemble(notice, self, function, callback);
}

bool
rt_weak_method_check(const struct rt_object *object)
{
    return object->ob_type == &weak_method_type;
}

struct rt_object *
rt_weak_method_get(struct rt_object *object)
{
    const struct weak_method *weak = (struct weak_method *)object;
    struct rt_object *self = rt_weakref_get(weak->self);
    struct rt_object *function = rt_weakref_get(weak->function);
    struct rt_object *method = self != NULL && function != NULL
                                   ? rt_method_new(function, self)
                                   : NULL;
    rt_xdecref(self);
    rt_xdecref(function);
    return method;
}
