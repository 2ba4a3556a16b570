#include "labs/runtime/none.h"

#include "labs/runtime/object.h"

/* Counting never gets here. */
static void
none_dealloc(struct rt_object *object)
{
    (void)object;
}

static const struct rt_type none_type = {
    .name = "NoneType",
    .basicsize = sizeof(struct rt_object),
    .dealloc = none_dealloc,
};

static struct rt_object none = {RT_IMMORTAL_REFCNT, &none_type};

struct rt_object *
rt_none_object(void)
{
    return &none;
}
