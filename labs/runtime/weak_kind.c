#include "labs/runtime/weak_kind.h"

/* The type of what rt_weakref_new() makes. Guarded by the GIL, as the kinds'
 * own types are while they are being completed. */
static const struct rt_type *plain;

// --- nobody ----------------------------------------------------------------

/* The callback of those without one. Without any, rt_weakref_new() would take
 * them for the shared plain one. */
static void
nobody_dealloc(struct rt_object *object)
{
    (void)object; // immortal
}

static int
nobody_call(struct rt_object *object, struct rt_object *reference)
{
    (void)object;
    (void)reference;
    return 0;
}

static const struct rt_type nobody_type = {
    .name = "nobody",
    .basicsize = sizeof(struct rt_object),
    .dealloc = nobody_dealloc,
    .call = nobody_call,
};

static struct rt_object nobody = {.ob_refcnt = RT_IMMORTAL_REFCNT,
                                  .ob_type = &nobody_type};

bool
rt_weak_kind_is_silent(const struct rt_weakref *reference)
{
    return reference->callback == NULL || reference->callback == &nobody;
}

// --- kinds -----------------------------------------------------------------

static void
inherit_slots(struct rt_type *kind, const struct rt_type *base)
{
    kind->basicsize = base->basicsize;
    if (kind->dealloc == NULL) {
        kind->dealloc = base->dealloc;
    }
    if (kind->traverse == NULL) {
        kind->traverse = base->traverse;
    }
    if (kind->clear == NULL) {
        kind->clear = base->clear;
    }
}

struct rt_object *
rt_weak_kind_new(struct rt_type *kind, struct rt_object *object,
                 struct rt_object *callback)
{
    struct rt_object *made =
        rt_weakref_new(object, callback != NULL ? callback : &nobody);
    if (made != NULL) {
        plain = made->ob_type;
        inherit_slots(kind, plain);
        made->ob_type = kind;
        ((struct rt_weakref *)made)->of_kind.key = NULL;
    }
    return made;
}

const struct rt_type *
rt_weak_kind_base(void)
{
    return plain;
}
