#include "labs/runtime/weak_key.h"

#include "labs/runtime/hash.h"
#include "labs/runtime/weak_kind.h"

static int
weak_key_hash(struct rt_object *object, int64_t *hash)
{
    *hash = ((struct rt_weakref *)object)->of_kind.hash;
    return 0;
}

static int
weak_key_equal(struct rt_object *a, struct rt_object *b)
{
    struct rt_object *left = rt_weakref_get(a);
    struct rt_object *right = rt_weakref_get(b);
    int result =
        left != NULL && right != NULL ? rt_equal(left, right) : a == b;
    rt_xdecref(left);
    rt_xdecref(right);
    return result;
}

static struct rt_type weak_key_type = {
    .name = "weakref",
    .hash = weak_key_hash,
    .equal = weak_key_equal,
};

struct rt_object *
rt_weak_key_new(struct rt_object *object, struct rt_object *callback)
{
    struct rt_object *made =
        rt_weak_kind_new(&weak_key_type, object, callback);
    if (made != NULL &&
        rt_hash(object, &((struct rt_weakref *)made)->of_kind.hash) < 0) {
        rt_clear(&made);
    }
    return made;
}
