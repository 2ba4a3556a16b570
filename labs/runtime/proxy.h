/* Proxy: stands for an object without keeping it alive.
 *
 * After CPython 3.12: weakref.proxy() in Objects/weakrefobject.c. Whatever is
 * done to a proxy is done to its object, as long as that lives; afterwards it
 * is a reference error. A proxy is a weak reference, with a place in the list
 * of its object: the one without a callback is shared, and stands behind the
 * shared plain reference. A proxy cannot be hashed, because its object may be
 * gone the next time, and there are no weak references to it. Copying it
 * copies its object.
 *
 * All functions but rt_proxy_new(), rt_proxy_check() and rt_proxy_equal() are
 * for proxies only. */
#ifndef LABS_RUNTIME_PROXY_H
#define LABS_RUNTIME_PROXY_H

#include "labs/runtime/weakref.h"

/* A new reference to a proxy of the object; callback, failure and sharing as
 * for rt_weakref_new(). The callback gets the proxy. The proxy can be called,
 * if the object can (PyWeakref_NewProxy). */
struct rt_object *rt_proxy_new(struct rt_object *object,
                               struct rt_object *callback);
bool rt_proxy_check(const struct rt_object *object); // whether it is a proxy

/* A new reference to the object that the proxy stands for, or NULL with a
 * pending reference error (proxy_checkref). */
struct rt_object *rt_proxy_get(struct rt_object *proxy);

/* The field of the instance that the proxy stands for, see rt_instance_get().
 * 0, with a new reference in *value, NULL if the field is not set; or -1 with
 * a pending error: the object is dead, or no instance (proxy_getattr). */
int rt_proxy_get_field(struct rt_object *proxy, int field,
                       struct rt_object **value);

/* Sets it, with a reference of its own; NULL unsets. 0, or -1 with a pending
 * error (proxy_setattr). */
int rt_proxy_set_field(struct rt_object *proxy, int field,
                       struct rt_object *value);

/* Whether the two are equal, each of which may be a proxy and is not compared
 * itself: 1 or 0, or -1 with a pending error, also when a proxy whose object
 * is dead is compared with itself. rt_equal() comes here, but first takes
 * a proxy for equal to itself, as containers do in CPython
 * (proxy_richcompare). */
int rt_proxy_equal(struct rt_object *a, struct rt_object *b);

/* For weakref.c: whether this is a shared proxy, the one without a callback.
 */
bool rt_proxy_is_shared(const struct rt_weakref *reference);

#endif
