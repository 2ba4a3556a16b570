#include "labs/runtime/dict_iter.h"

#include <assert.h>
#include <stdint.h>

#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/tuple.h"

#define CHANGED SIZE_MAX // instead of a number of keys

struct iterator { // dictiterobject
    struct rt_object base;
    struct rt_dict *dict; // ours; NULL: at the end
    enum rt_dict_part part;
    bool reversed;
    size_t used;            // keys at the beginning; CHANGED: not any more
    size_t position;        // of the walk
    size_t left;            // keys that are still to come
    struct rt_object *item; // ours: the tuple to be used again, or NULL
};

/* --- for the collector --------------------------------------------------- */

static void
iterator_dealloc(struct rt_object *object)
{
    struct iterator *iterator = (struct iterator *)object;
    rt_gc_untrack(object);
    if (iterator->dict != NULL) {
        rt_decref(&iterator->dict->base);
    }
    rt_xdecref(iterator->item);
    rt_gc_free(object);
}

static int
iterator_traverse(struct rt_object *object,
                  int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct iterator *iterator = (struct iterator *)object;
    int result = 0;
    if (iterator->dict != NULL) {
        result = visit(&iterator->dict->base, data);
    }
    if (result == 0 && iterator->item != NULL) {
        result = visit(iterator->item, data);
    }
    return result;
}

static const struct rt_type iterator_type = {
    .name = "dict_iterator",
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

/* --- walking ------------------------------------------------------------- */

/* Behind the last key that is there now. */
static size_t
end_of(struct rt_object *dict)
{
    size_t position = RT_DICT_END;
    struct rt_object *key;
    struct rt_object *value;
    if (rt_dict_previous(dict, &position, &key, &value)) {
        rt_dict_next(dict, &position, &key, &value);
    }
    return position;
}

struct rt_object *
rt_dict_iter_new(struct rt_object *dict, enum rt_dict_part part, bool reversed)
{
    assert(rt_dict_check(dict));
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
    iterator->dict = (struct rt_dict *)rt_new_ref(dict);
    iterator->part = part;
    iterator->reversed = reversed;
    iterator->used = iterator->left = rt_dict_size(dict);
    iterator->position = reversed ? end_of(dict) : 0;
    iterator->item = item;
    rt_gc_track(object);
    return object;
}

/* To the next key. The table may be another one than at the last call. */
static bool
step(struct iterator *iterator, struct rt_object **key,
     struct rt_object **value)
{
    struct rt_object *dict = &iterator->dict->base;
    return iterator->reversed
               ? rt_dict_previous(dict, &iterator->position, key, value)
               : rt_dict_next(dict, &iterator->position, key, value);
}

/* Comes to its end; the dict may die. */
static int
finish(struct iterator *iterator, int result)
{
    struct rt_dict *dict = iterator->dict;
    iterator->dict = NULL;
    rt_decref(&dict->base);
    return result;
}

/* The collector may have given up watching the tuple while it held nothing of
 * interest. */
struct rt_object *
rt_dict_iter_item(struct rt_object *last, struct rt_object *key,
                  struct rt_object *value)
{
    struct rt_object *parts[] = {key, value};
    if (last->ob_refcnt != 1) {
        return rt_tuple_new(parts, 2);
    }
    struct rt_tuple *tuple = (struct rt_tuple *)rt_new_ref(last);
    rt_incref(key);
    rt_incref(value);
    rt_set_ref(&tuple->items[0], key);
    rt_set_ref(&tuple->items[1], value);
    if (!rt_gc_is_tracked(last)) {
        rt_gc_track(last);
    }
    return last;
}

static struct rt_object *
part_of(struct iterator *iterator, struct rt_object *key,
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

/* dictiter_iternextkey and its like. On the way back a key can be met again,
 * after a new table has moved it, and no error is made of that. */
int
rt_dict_iter_next(struct rt_object *object, struct rt_object **item)
{
    struct iterator *iterator = as_iterator(object);
    if (iterator->dict == NULL) {
        return 0;
    }
    if (iterator->used != iterator->dict->used) {
        iterator->used = CHANGED;
        return rt_error_set(RT_ERROR_RUNTIME,
                            "dictionary changed size during iteration");
    }
    struct rt_object *key;
    struct rt_object *value;
    if (!step(iterator, &key, &value)) {
        return finish(iterator, 0);
    }
    if (iterator->left == 0 && !iterator->reversed) {
        rt_error_set(RT_ERROR_RUNTIME,
                     "dictionary keys changed during iteration");
        return finish(iterator, -1);
    }
    struct rt_object *part = part_of(iterator, key, value);
    if (part == NULL) {
        return -1;
    }
    iterator->left -= iterator->left > 0;
    *item = part;
    return 1;
}

size_t
rt_dict_iter_left(struct rt_object *object)
{
    const struct iterator *iterator = as_iterator(object);
    bool is_good =
        iterator->dict != NULL && iterator->used == iterator->dict->used;
    return is_good ? iterator->left : 0;
}
