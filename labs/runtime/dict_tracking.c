/* What the collector must know of the table: whether it now holds something
 * that may be tracked. Releasing the value that was there before comes first;
 * it was an atom, or the dict is tracked already. */
#include "labs/runtime/dict.h"
#include "labs/runtime/gc.h"

/* The dict holds these two (MAINTAIN_TRACKING). */
static void
maintain_tracking(struct rt_object *dict, struct rt_object *key,
                  struct rt_object *value)
{
    if (!rt_gc_is_tracked(dict) &&
        (rt_gc_may_be_tracked(key) || rt_gc_may_be_tracked(value))) {
        rt_gc_track_quietly(dict);
    }
}

int
rt_dict_set(struct rt_object *object, struct rt_object *key,
            struct rt_object *value)
{
    if (rt_dict_store(object, key, value) < 0) {
        return -1;
    }
    maintain_tracking(object, key, value);
    return 0;
}

/* Only a dict that is tracked holds what may be. A copy with as many slots is
 * taken for a copy of the table as it was, and tracked as that is; in another
 * table each key was stored anew. */
static void
track_copy(struct rt_object *copy, struct rt_object *from)
{
    if (!rt_gc_is_tracked(from) || rt_gc_is_tracked(copy)) {
        return;
    }
    if (rt_dict_slots(copy) == rt_dict_slots(from)) {
        rt_gc_track_quietly(copy);
        return;
    }
    size_t position = 0;
    struct rt_object *key;
    struct rt_object *value;
    while (rt_dict_next(copy, &position, &key, &value)) {
        maintain_tracking(copy, key, value);
    }
}

struct rt_object *
rt_dict_copy(struct rt_object *object)
{
    struct rt_object *copy = rt_dict_clone(object);
    if (copy != NULL && rt_dict_size(copy) > 0) {
        track_copy(copy, object);
    }
    return copy;
}
