/* Weak kind: weak references of other types than the plain one.
 *
 * As the proxies and the subclasses of weakref.ref are in CPython. One of a
 * kind is a struct rt_weakref that rt_weakref_new() has made and that then
 * takes on the kind's type: so it stands in its object's list and is counted,
 * cleared and called back like all others. What else it needs to know fits
 * into its field of_kind. */
#ifndef LABS_RUNTIME_WEAK_KIND_H
#define LABS_RUNTIME_WEAK_KIND_H

#include "labs/runtime/weakref.h"

/* A new reference to a new weak reference of this kind, never to one that is
 * there already. callback as for rt_weakref_new(); NULL: nobody is called. Of
 * kind, which lives for ever, those of the slots basicsize, dealloc, traverse
 * and clear that are NULL become those of the plain type (PyType_Ready). NULL
 * with a pending error as for rt_weakref_new(). */
struct rt_object *rt_weak_kind_new(struct rt_type *kind,
                                   struct rt_object *object,
                                   struct rt_object *callback);

/* The plain type, for slots of a kind that do something more; only when there
 * is one of a kind. */
const struct rt_type *rt_weak_kind_base(void);

/* Whether nobody is called when its object dies. */
bool rt_weak_kind_is_silent(const struct rt_weakref *reference);

#endif
