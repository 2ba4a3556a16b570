#include "labs/runtime/boolean.h"

#include <assert.h>

/* Nobody gives the last reference back: there is none. */
static void
bool_dealloc(struct rt_object *object)
{
    (void)object;
    assert(0 && "a bool is immortal");
}

static int
bool_hash(struct rt_object *object, int64_t *hash)
{
    *hash = rt_bool_value(object);
    return 0;
}

static const struct rt_type bool_type = {
    .name = "bool",
    .basicsize = sizeof(struct rt_object),
    .dealloc = bool_dealloc,
    .hash = bool_hash,
};

static struct rt_object objects[] = {
    {RT_IMMORTAL_REFCNT, &bool_type},
    {RT_IMMORTAL_REFCNT, &bool_type},
};

struct rt_object *
rt_bool_new(bool value)
{
    return &objects[value];
}

bool
rt_bool_value(const struct rt_object *object)
{
    assert(rt_bool_check(object));
    return object == &objects[true];
}

bool
rt_bool_check(const struct rt_object *object)
{
    return object->ob_type == &bool_type;
}
