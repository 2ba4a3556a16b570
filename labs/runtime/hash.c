#include "labs/runtime/hash.h"

#include "labs/runtime/error.h"
#include "labs/runtime/object.h"
#include "labs/runtime/proxy.h"

int64_t
rt_hash_pointer(const void *pointer)
{
    uint64_t bits = (uintptr_t)pointer;
    return rt_hash_usable(bits << 60 | bits >> 4);
}

int
rt_hash(struct rt_object *object, int64_t *hash)
{
    const struct rt_type *type = object->ob_type;
    if (type->hash != NULL) {
        return type->hash(object, hash);
    }
    *hash = rt_hash_pointer(object);
    return 0;
}

int
rt_hash_refused(struct rt_object *object, int64_t *hash)
{
    (void)hash;
    return rt_error_set(RT_ERROR_TYPE, "unhashable type: '%s'",
                        object->ob_type->name);
}

/* How many rt_equal() this thread is in (_Py_EnterRecursiveCall). */
static _Thread_local int depth;

int
rt_equal(struct rt_object *a, struct rt_object *b)
{
    if (a == b) {
        return 1;
    }
    if (a->ob_type != b->ob_type) {
        // A proxy is what it stands for.
        return rt_proxy_check(a) || rt_proxy_check(b) ? rt_proxy_equal(a, b)
                                                      : 0;
    }
    if (a->ob_type->equal == NULL) {
        return 0;
    }
    if (depth == RT_EQUAL_DEPTH) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "maximum recursion depth exceeded in comparison");
    }
    depth++;
    int result = a->ob_type->equal(a, b);
    depth--;
    return result;
}
