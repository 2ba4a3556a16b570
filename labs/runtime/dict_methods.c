/* All of this is done with the functions of the table alone, so a key is
 * looked up once to see and once more to change. The file of the same name in
 * fast/ looks once. */
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"

/* --- taking out ---------------------------------------------------------- */

int
rt_dict_pop(struct rt_object *object, struct rt_object *key,
            struct rt_object **value)
{
    if (rt_dict_size(object) == 0) {
        return 0;
    }
    struct rt_object *found = rt_dict_get(object, key);
    if (found == NULL) {
        return rt_error_occurred() == RT_ERROR_NONE ? 0 : -1;
    }
    rt_incref(found);
    int result = rt_dict_remove(object, key);
    if (result == 1) {
        *value = found;
    }
    else {
        rt_decref(found);
    }
    return result;
}

int
rt_dict_popitem(struct rt_object *object, struct rt_object **key,
                struct rt_object **value)
{
    size_t position = RT_DICT_END;
    struct rt_object *last_key;
    struct rt_object *last_value;
    if (!rt_dict_previous(object, &position, &last_key, &last_value)) {
        return rt_error_set(RT_ERROR_KEY, "popitem(): dictionary is empty");
    }
    rt_incref(last_key);
    rt_incref(last_value);
    if (rt_dict_remove(object, last_key) < 0) {
        rt_decref(last_key);
        rt_decref(last_value);
        return -1;
    }
    *key = last_key;
    *value = last_value;
    return 0;
}

/* --- storing ------------------------------------------------------------- */

struct rt_object *
rt_dict_setdefault(struct rt_object *object, struct rt_object *key,
                   struct rt_object *value)
{
    struct rt_object *found = rt_dict_get(object, key);
    if (found != NULL || rt_error_occurred() != RT_ERROR_NONE) {
        return found;
    }
    return rt_dict_set(object, key, value) < 0 ? NULL : value;
}

/* Storing may run any code: the item is held, and the other dict is looked at
 * again. */
int
rt_dict_update(struct rt_object *object, struct rt_object *other)
{
    size_t size = object == other ? 0 : rt_dict_size(other);
    size_t position = 0;
    struct rt_object *key;
    struct rt_object *value;
    while (size > 0 && rt_dict_next(other, &position, &key, &value)) {
        rt_incref(key);
        rt_incref(value);
        int result = rt_dict_set(object, key, value);
        rt_decref(key);
        rt_decref(value);
        if (result < 0) {
            return -1;
        }
        if (rt_dict_size(other) != size) {
            return rt_error_set(RT_ERROR_RUNTIME,
                                "dict mutated during update");
        }
    }
    return 0;
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
