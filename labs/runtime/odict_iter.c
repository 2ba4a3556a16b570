#include "labs/runtime/odict_iter.h"

#include <assert.h>
#include <stdint.h>

#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/object.h"
#include "labs/runtime/odict.h"
#include "labs/runtime/tuple.h"

#define CHANGED SIZE_MAX // instead of a number of keys

struct iterator { // odictiterobject
    struct rt_object base;
    struct rt_object *odict;   // ours
    struct rt_object *current; // ours: the next key; NULL: at the end
    struct rt_object *item;    // ours: the tuple to be used again, or NULL
    enum rt_dict_part part;
    bool reversed;
    uint64_t state; // of the ordered dict at the beginning
    size_t size;    // likewise; CHANGED: not any more
};

static void
iterator_clear(struct rt_object *object)
{
    struct iterator *iterator = (struct iterator *)object;
    rt_clear(&iterator->current);
    rt_clear(&iterator->odict);
    rt_clear(&iterator->item);
}

static void
iterator_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    iterator_clear(object);
    rt_gc_free(object);
}

static int
iterator_traverse(struct rt_object *object,
                  int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct iterator *iterator = (struct iterator *)object;
    struct rt_object *const held[] = {iterator->odict, iterator->current,
                                      iterator->item};
    int result = 0;
    for (int i = 0; result == 0 && i < 3; i++) {
        result = held[i] == NULL ? 0 : visit(held[i], data);
    }
    return result;
}

static const struct rt_type iterator_type = {
    .name = "odict_iterator",
    .basicsize = sizeof(struct iterator),
    .dealloc = iterator_dealloc,
    .traverse = iterator_traverse,
    .clear = iterator_clear,
};

/* From key, NULL to begin with, to the next: as rt_odict_next(). */
static int
step(const struct iterator *iterator, struct rt_object **key,
     struct rt_object **value)
{
    return iterator->reversed ? rt_odict_previous(iterator->odict, key, value)
                              : rt_odict_next(iterator->odict, key, value);
}

struct rt_object *
rt_odict_iter_new(struct rt_object *odict, enum rt_dict_part part,
                  bool reversed)
{
    struct rt_object *item = NULL;
    if (part == RT_DICT_ITEMS) {
        item = rt_tuple_new((struct rt_object *[]){NULL, NULL}, 2);
        if (item == NULL) {
            return NULL;
        }
    }
    struct rt_object *object = rt_gc_new(&iterator_type, 0);
    if (object == NULL) {
        rt_xdecref(item);
        return NULL;
    }
    struct iterator *iterator = (struct iterator *)object;
    iterator->odict = rt_new_ref(odict);
    iterator->current = NULL;
    iterator->item = item;
    iterator->part = part;
    iterator->reversed = reversed;
    iterator->state = rt_odict_state(odict);
    iterator->size = rt_odict_size(odict);
    struct rt_object *value;
    step(iterator, &iterator->current, &value); // the first, if there is one
    rt_xincref(iterator->current);
    rt_gc_track(object);
    return object;
}

/* 0 as long as nobody has changed the order, else -1 with a pending error. */
static int
check(struct iterator *iterator)
{
    if (iterator->state != rt_odict_state(iterator->odict)) {
        rt_clear(&iterator->current);
        return rt_error_set(RT_ERROR_RUNTIME,
                            "OrderedDict mutated during iteration");
    }
    if (iterator->size != rt_odict_size(iterator->odict)) {
        iterator->size = CHANGED;
        return rt_error_set(RT_ERROR_RUNTIME,
                            "OrderedDict changed size during iteration");
    }
    return 0;
}

/* A new reference, or NULL with a pending error. */
static struct rt_object *
part_of(const struct iterator *iterator, struct rt_object *key,
        struct rt_object *value)
{
    switch (iterator->part) {
    case RT_DICT_KEYS:
        return rt_new_ref(key);
    case RT_DICT_VALUES:
        return rt_new_ref(value);
    case RT_DICT_ITEMS:
    default:
        return rt_dict_iter_item(iterator->item, key, value);
    }
}

/* odictiter_iternext */
int
rt_odict_iter_next(struct rt_object *object, struct rt_object **item)
{
    struct iterator *iterator = (struct iterator *)object;
    assert(object->ob_type == &iterator_type);
    if (iterator->current == NULL) {
        return 0;
    }
    if (check(iterator) < 0) {
        return -1;
    }
    struct rt_object *key = iterator->current;
    struct rt_object *value = rt_odict_get(iterator->odict, key);
    if (value == NULL) {
        return rt_error_occurred() != RT_ERROR_NONE
                   ? -1
                   : rt_error_set(RT_ERROR_KEY, "no such key");
    }
    struct rt_object *part = part_of(iterator, key, value);
    if (part == NULL) {
        return -1;
    }
    struct rt_object *next = key;
    int has_next = step(iterator, &next, &value);
    if (has_next < 0) {
        rt_decref(part);
        return -1;
    }
    rt_set_ref(&iterator->current, has_next ? rt_new_ref(next) : NULL);
    *item = part;
    return 1;
}
