/* The methods of dict_methods.c once more, each with one look into the table.
 */
#include <assert.h>

#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/fast/dict_table.h"

static struct rt_dict *
as_dict(struct rt_object *object)
{
    assert(rt_dict_check(object));
    return (struct rt_dict *)object;
}

/* --- taking out ---------------------------------------------------------- */

int
rt_dict_pop(struct rt_object *object, struct rt_object *key,
            struct rt_object **value)
{
    struct rt_dict *dict = as_dict(object);
    if (dict->used == 0) {
        return 0;
    }
    int64_t hash = rt_dict_hash(key);
    int64_t i = hash == -1 ? RT_DICT_FAILED : rt_dict_find(dict, key, hash);
    if (i < 0) {
        return i == RT_DICT_ABSENT ? 0 : -1;
    }
    struct rt_dict_entry popped = rt_dict_take(dict, (size_t)i);
    rt_decref(popped.key);
    *value = popped.value;
    return 1;
}

/* The holes behind the last key are cut off, or a dict from which all keys
 * are taken in this way would look through more of them each time. */
int
rt_dict_popitem(struct rt_object *object, struct rt_object **key,
                struct rt_object **value)
{
    struct rt_dict *dict = as_dict(object);
    if (dict->used == 0) {
        return rt_error_set(RT_ERROR_KEY, "popitem(): dictionary is empty");
    }
    size_t last = rt_dict_written(dict) - 1;
    while (rt_dict_entry(dict, last)->key == NULL) {
        last--;
    }
    struct rt_dict_entry popped = rt_dict_take(dict, last);
    rt_dict_cut(dict, last);
    *key = popped.key;
    *value = popped.value;
    return 0;
}

/* --- storing ------------------------------------------------------------- */

struct rt_object *
rt_dict_setdefault(struct rt_object *object, struct rt_object *key,
                   struct rt_object *value)
{
    struct rt_dict *dict = as_dict(object);
    int64_t hash = rt_dict_hash(key);
    int64_t i = hash == -1 ? RT_DICT_FAILED : rt_dict_find(dict, key, hash);
    if (i == RT_DICT_ABSENT) {
        return rt_dict_add(dict, key, value, hash) < 0 ? NULL : value;
    }
    return i == RT_DICT_FAILED ? NULL : rt_dict_entry(dict, (size_t)i)->value;
}

/* Stores a key whose hash is known. 0, or -1 with a pending error
 * (insertdict). */
static int
store(struct rt_dict *dict, const struct rt_dict_entry *item)
{
    int64_t i = rt_dict_find(dict, item->key, item->hash);
    if (i == RT_DICT_FAILED) {
        return -1;
    }
    if (i == RT_DICT_ABSENT) {
        return rt_dict_add(dict, item->key, item->value, item->hash);
    }
    rt_dict_replace(dict, (size_t)i, item->value);
    return 0;
}

/* Storing may run any code: the item is held, and the other dict is looked at
 * again. */
static int
store_each(struct rt_dict *dict, const struct rt_dict *other)
{
    size_t written = rt_dict_written(other);
    for (size_t i = 0; i < written; i++) {
        struct rt_dict_entry item = *rt_dict_entry(other, i);
        if (item.key == NULL) {
            continue;
        }
        rt_incref(item.key);
        rt_incref(item.value);
        int result = store(dict, &item);
        rt_decref(item.key);
        rt_decref(item.value);
        if (result < 0) {
            return -1;
        }
        if (rt_dict_written(other) != written) {
            return rt_error_set(RT_ERROR_RUNTIME,
                                "dict mutated during update");
        }
    }
    return 0;
}

int
rt_dict_update(struct rt_object *object, struct rt_object *other)
{
    struct rt_dict *dict = as_dict(object);
    struct rt_dict *from = as_dict(other);
    if (dict == from || from->used == 0) {
        return 0;
    }
    if (dict->used == 0 && from->used == rt_dict_written(from)) {
        return rt_dict_copy_into(dict, from);
    }
    if (rt_dict_reserve(dict, from->used) < 0) {
        return -1;
    }
    return store_each(dict, from);
}

struct rt_object *
rt_dict_fromkeys(struct rt_object *const *keys, size_t count,
                 struct rt_object *value)
{
    struct rt_object *dict = rt_dict_new();
    for (size_t i = 0; dict != NULL && i < count; i++) {
        if (rt_dict_set(dict, keys[i], value) < 0) {
            rt_clear(&dict);
        }
    }
    return dict;
}
