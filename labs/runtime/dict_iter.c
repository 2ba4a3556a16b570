#include "labs/runtime/dict_iter.h"

#include <assert.h>
#include <stdint.h>

#include "labs/runtime/dict.h"
#include "labs/runtime/dict_table.h"
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
    size_t used; // keys at the beginning; CHANGED: not any more
    size_t next; // entries that lie before, or in reverse still to come
    size_t left; // keys that are still to come
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
    iterator->next = reversed ? rt_dict_written(iterator->dict) : 0;
    iterator->item = item;
    rt_gc_track(object);
    return object;
}

/* The next entry, NULL behind the last. The table may be another one than at
 * the last call, with fewer entries. */
static const struct rt_dict_entry *
step(struct iterator *iterator)
{
    size_t written = rt_dict_written(iterator->dict);
    if (iterator->reversed && iterator->next > written) {
        iterator->next = written;
    }
    while (iterator->reversed ? iterator->next > 0
                              : iterator->next < written) {
        size_t i = iterator->reversed ? --iterator->next : iterator->next++;
        const struct rt_dict_entry *entry = rt_dict_entry(iterator->dict, i);
        if (entry->key != NULL) {
            return entry;
        }
    }
    return NULL;
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
part_of(struct iterator *iterator, const struct rt_dict_entry *entry)
{
    switch (iterator->part) {
    case RT_DICT_KEYS:
        return rt_new_ref(entry->key);
    case RT_DICT_VALUES:
        return rt_new_ref(entry->value);
    case RT_DICT_ITEMS:
    default:
        return rt_dict_iter_item(iterator->item, entry->key, entry->value);
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
    const struct rt_dict_entry *entry = step(iterator);
    if (entry == NULL) {
        return finish(iterator, 0);
    }
    if (iterator->left == 0 && !iterator->reversed) {
        rt_error_set(RT_ERROR_RUNTIME,
                     "dictionary keys changed during iteration");
        return finish(iterator, -1);
    }
    struct rt_object *part = part_of(iterator, entry);
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
