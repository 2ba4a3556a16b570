#include "labs/runtime/set_iter.h"

#include <assert.h>
#include <stdint.h>

#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/object.h"
#include "labs/runtime/set.h"

#define CHANGED SIZE_MAX // instead of a number of keys

struct iterator { // setiterobject
    struct rt_object base;
    struct rt_object *set; // ours; NULL: at the end
    size_t used;           // keys at the beginning; CHANGED: not any more
    size_t position;       // for rt_set_next()
    size_t left;
};

static void
iterator_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    rt_xdecref(((struct iterator *)object)->set);
    rt_gc_free(object);
}

static int
iterator_traverse(struct rt_object *object,
                  int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_object *set = ((struct iterator *)object)->set;
    return set == NULL ? 0 : visit(set, data);
}

static const struct rt_type iterator_type = {
    .name = "set_iterator",
    .basicsize = sizeof(struct iterator),
    .dealloc = iterator_dealloc,
    .traverse = iterator_traverse,
};

static struct iterator *
as_iterator(struct rt_object *object)
{
    assert(object->ob_type == &iterator_type);
    return (struct iterator *)object;
}

struct rt_object *
rt_set_iter_new(struct rt_object *set)
{
    assert(rt_set_check(set));
    struct rt_object *object = rt_gc_new(&iterator_type, 0);
    if (object != NULL) {
        struct iterator *iterator = (struct iterator *)object;
        iterator->set = rt_new_ref(set);
        iterator->used = iterator->left = rt_set_size(set);
        iterator->position = 0;
        rt_gc_track(object);
    }
    return object;
}

/* setiter_iternext */
int
rt_set_iter_next(struct rt_object *object, struct rt_object **key)
{
    struct iterator *iterator = as_iterator(object);
    if (iterator->set == NULL) {
        return 0;
    }
    if (iterator->used != rt_set_size(iterator->set)) {
        iterator->used = CHANGED;
        return rt_error_set(RT_ERROR_RUNTIME,
                            "Set changed size during iteration");
    }
    if (!rt_set_next(iterator->set, &iterator->position, key)) {
        rt_clear(&iterator->set);
        return 0;
    }
    rt_incref(*key);
    iterator->left -= iterator->left > 0;
    return 1;
}

size_t
rt_set_iter_left(struct rt_object *object)
{
    const struct iterator *iterator = as_iterator(object);
    bool is_good =
        iterator->set != NULL && iterator->used == rt_set_size(iterator->set);
    return is_good ? iterator->left : 0;
}
