#include "labs/runtime/proxy.h"

#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/weak_kind.h"

struct rt_object *
rt_proxy_get(struct rt_object *proxy)
{
    struct rt_object *object = rt_weakref_get(proxy);
    if (object == NULL) {
        rt_error_set(RT_ERROR_REFERENCE,
                     "weakly-referenced object no longer exists");
    }
    return object;
}

// --- what is passed on -----------------------------------------------------

static int
proxy_call(struct rt_object *proxy, struct rt_object *argument)
{
    struct rt_object *object = rt_proxy_get(proxy);
    if (object == NULL) {
        return -1;
    }
    int result = object->ob_type->call(object, argument);
    rt_decref(object);
    return result;
}

/* The object to use instead of one that may be a proxy; a new reference. */
static struct rt_object *
unwrap(struct rt_object *object)
{
    return rt_proxy_check(object) ? rt_proxy_get(object) : rt_new_ref(object);
}

int
rt_proxy_equal(struct rt_object *a, struct rt_object *b)
{
    struct rt_object *left = unwrap(a);
    struct rt_object *right = left != NULL ? unwrap(b) : NULL;
    int result = right != NULL ? rt_equal(left, right) : -1;
    rt_xdecref(left);
    rt_xdecref(right);
    return result;
}

/* The instance behind the proxy, a new reference. */
static struct rt_object *
get_instance(struct rt_object *proxy)
{
    struct rt_object *object = rt_proxy_get(proxy);
    if (object != NULL && !rt_instance_check(object)) {
        rt_error_set(RT_ERROR_TYPE, "'%s' object has no fields",
                     object->ob_type->name);
        rt_clear(&object);
    }
    return object;
}

int
rt_proxy_get_field(struct rt_object *proxy, int field,
                   struct rt_object **value)
{
    struct rt_object *object = get_instance(proxy);
    if (object == NULL) {
        return -1;
    }
    *value = rt_instance_get(object, field);
    rt_xincref(*value);
    rt_decref(object);
    return 0;
}

int
rt_proxy_set_field(struct rt_object *proxy, int field, struct rt_object *value)
{
    struct rt_object *object = get_instance(proxy);
    if (object == NULL) {
        return -1;
    }
    rt_instance_set(object, field, value);
    rt_decref(object);
    return 0;
}

// --- copies ----------------------------------------------------------------

static struct rt_object *
proxy_copy(struct rt_object *proxy)
{
    struct rt_object *object = rt_proxy_get(proxy);
    struct rt_object *copy = object != NULL ? rt_copy(object) : NULL;
    rt_xdecref(object);
    return copy;
}

/* Proxies whose objects are being copied, the innermost first. */
struct copying {
    const struct rt_object *proxy;
    const struct rt_copy_memo *memo;
    const struct copying *outer;
};
static _Thread_local const struct copying *copying;

static bool
is_being_copied(const struct rt_object *proxy, const struct rt_copy_memo *memo)
{
    const struct copying *at = copying;
    while (at != NULL && (at->proxy != proxy || at->memo != memo)) {
        at = at->outer;
    }
    return at != NULL;
}

/* Copies the object once more, apart from the copy that the memo may have. */
static struct rt_object *
copy_apart(struct rt_object *proxy, struct rt_object *object,
           struct rt_copy_memo *memo)
{
    struct rt_object *before = rt_copy_memo_get(memo, object);
    rt_xincref(before);
    struct copying one = {proxy, memo, copying};
    copying = &one;
    struct rt_object *copy = object->ob_type->deepcopy(object, memo);
    copying = one.outer;
    if (copy != NULL &&
        (rt_copy_memo_add(memo, proxy, copy) < 0 ||
         (before != NULL && rt_copy_memo_add(memo, object, before) < 0))) {
        rt_clear(&copy);
    }
    rt_xdecref(before);
    return copy;
}

/* copy.deepcopy() remembers what it copies by its address, and that of the
 * proxy is another than that of the object: an object and its proxy, copied
 * together, become two objects. Within the second one the proxy leads to the
 * second one. */
static struct rt_object *
proxy_deepcopy(struct rt_object *proxy, struct rt_copy_memo *memo)
{
    struct rt_object *object = rt_proxy_get(proxy);
    if (object == NULL || object->ob_type->deepcopy == NULL) {
        return object;
    }
    struct rt_object *copy = NULL;
    struct rt_object *begun =
        is_being_copied(proxy, memo) ? rt_copy_memo_get(memo, object) : NULL;
    copy = begun != NULL ? rt_new_ref(begun) : copy_apart(proxy, object, memo);
    rt_decref(object);
    return copy;
}

// --- the object ------------------------------------------------------------

static struct rt_type proxy_type = {
    .name = "weakref.ProxyType",
    .hash = rt_hash_refused,
    .equal = rt_proxy_equal,
    .copy = proxy_copy,
    .deepcopy = proxy_deepcopy,
};

static struct rt_type callable_proxy_type = {
    .name = "weakref.CallableProxyType",
    .hash = rt_hash_refused,
    .equal = rt_proxy_equal,
    .call = proxy_call,
    .copy = proxy_copy,
    .deepcopy = proxy_deepcopy,
};

bool
rt_proxy_check(const struct rt_object *object)
{
    return object->ob_type == &proxy_type ||
           object->ob_type == &callable_proxy_type;
}

bool
rt_proxy_is_shared(const struct rt_weakref *reference)
{
    return rt_proxy_check(&reference->head) &&
           rt_weak_kind_is_silent(reference);
}

/* The shared one, a new reference, or NULL. The whole list is asked, because
 * its order is weakref.c's business. */
static struct rt_object *
get_shared(struct rt_object *object)
{
    struct rt_weakref *at = rt_weakref_first(object);
    while (at != NULL && !rt_proxy_is_shared(at)) {
        at = at->next;
    }
    return at != NULL ? rt_new_ref(&at->head) : NULL;
}

struct rt_object *
rt_proxy_new(struct rt_object *object, struct rt_object *callback)
{
    struct rt_type *type =
        object->ob_type->call != NULL ? &callable_proxy_type : &proxy_type;
    struct rt_object *shared = callback == NULL ? get_shared(object) : NULL;
    if (shared != NULL) {
        return shared;
    }
    struct rt_object *made = rt_weak_kind_new(type, object, callback);
    if (made != NULL && callback == NULL) {
        // Making it may have started a collection, and that may have made
        // another one, which stands before this one.
        shared = get_shared(object);
        rt_decref(made);
        made = shared;
    }
    return made;
}
