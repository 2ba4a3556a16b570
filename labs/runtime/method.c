#include "labs/runtime/method.h"

#include <assert.h>

#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/function.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/tuple.h"
#include "labs/runtime/weakref.h"

static void
method_dealloc(struct rt_object *object)
{
    struct rt_method *method = (struct rt_method *)object;
    rt_gc_untrack(object);
    rt_weakref_clear_all(object);
    rt_decref(method->function);
    rt_decref(method->self);
    rt_gc_free(object);
}

static int
method_traverse(struct rt_object *object,
                int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct rt_method *method = (struct rt_method *)object;
    int result = visit(method->function, data);
    return result != 0 ? result : visit(method->self, data);
}

static int
call_with_both(struct rt_object *function, struct rt_object *self,
               struct rt_object *argument)
{
    struct rt_object *items[] = {self, argument};
    struct rt_object *both = rt_tuple_new(items, 2);
    if (both == NULL) {
        return -1;
    }
    int result = function->ob_type->call(function, both);
    rt_decref(both);
    return result;
}

static int
method_call(struct rt_object *object, struct rt_object *argument)
{
    const struct rt_method *method = (struct rt_method *)object;
    struct rt_object *function = method->function;
    return rt_function_check(function)
               ? ((struct rt_function *)function)->code(method->self, argument)
               : call_with_both(function, method->self, argument);
}

static int
method_hash(struct rt_object *object, int64_t *hash)
{
    const struct rt_method *method = (struct rt_method *)object;
    int64_t of_function = 0;
    if (rt_hash(method->function, &of_function) < 0) {
        return -1;
    }
    *hash = rt_hash_pointer(method->self) ^ of_function;
    if (*hash == -1) {
        *hash = -2;
    }
    return 0;
}

static int
method_equal(struct rt_object *a, struct rt_object *b)
{
    const struct rt_method *left = (struct rt_method *)a;
    const struct rt_method *right = (struct rt_method *)b;
    int result = rt_equal(left->function, right->function);
    return result == 1 ? left->self == right->self : result;
}

static struct rt_object *
method_copy(struct rt_object *object)
{
    return rt_method_new(rt_method_function(object), rt_method_self(object));
}

/* The function stays the same one (_deepcopy_method in Lib/copy.py). */
static struct rt_object *
method_deepcopy(struct rt_object *object, struct rt_copy_memo *memo)
{
    struct rt_object *self = NULL;
    if (rt_copy_part(rt_method_self(object), memo, &self) < 0) {
        return NULL;
    }
    struct rt_object *copy = rt_method_new(rt_method_function(object), self);
    rt_decref(self);
    if (copy != NULL && rt_copy_memo_add(memo, object, copy) < 0) {
        rt_clear(&copy);
    }
    return copy;
}

/* Without a clear slot, as in CPython: a cycle that goes through a method is
 * broken at its object. */
static const struct rt_type method_type = {
    .name = "method",
    .basicsize = sizeof(struct rt_method),
    .dealloc = method_dealloc,
    .traverse = method_traverse,
    .weaklist_offset = offsetof(struct rt_method, weakrefs),
    .hash = method_hash,
    .equal = method_equal,
    .call = method_call,
    .copy = method_copy,
    .deepcopy = method_deepcopy,
};

struct rt_object *
rt_method_new(struct rt_object *function, struct rt_object *self)
{
    if (function->ob_type->call == NULL) {
        rt_error_set(RT_ERROR_TYPE, "first argument must be callable");
        return NULL;
    }
    struct rt_object *made = rt_gc_new(&method_type, 0);
    if (made != NULL) {
        struct rt_method *method = (struct rt_method *)made;
        method->weakrefs = NULL;
        method->function = rt_new_ref(function);
        method->self = rt_new_ref(self);
        rt_gc_track(made);
    }
    return made;
}

bool
rt_method_check(const struct rt_object *object)
{
    return object->ob_type == &method_type;
}

struct rt_object *
rt_method_function(const struct rt_object *method)
{
    assert(rt_method_check(method));
    return ((const struct rt_method *)method)->function;
}

struct rt_object *
rt_method_self(const struct rt_object *method)
{
    assert(rt_method_check(method));
    return ((const struct rt_method *)method)->self;
}
