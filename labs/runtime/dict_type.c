#include <assert.h>

#include "labs/runtime/compat.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/trash.h"

/* --- for the collector --------------------------------------------------- */

static void
dict_dealloc(struct rt_object *object)
{
    /* First of all: releasing what it holds may start a collection, which
     * must not meet an object without references. */
    rt_gc_untrack(object);
    if (rt_trash_begin(object)) {
        rt_dict_clear(object);
        rt_gc_free(object);
        rt_trash_end();
    }
}

static int
dict_traverse(struct rt_object *object,
              int (*visit)(struct rt_object *held, void *data), void *data)
{
    size_t position = 0;
    struct rt_object *key;
    struct rt_object *value;
    int result = 0;
    while (result == 0 && rt_dict_next(object, &position, &key, &value)) {
        result = visit(key, data);
        if (result == 0) {
            result = visit(value, data);
        }
    }
    return result;
}

/* --- as a value ---------------------------------------------------------- */

/* The walks below hold references to what they work on, because comparing and
 * copying may run any code, also code that changes the dict. */

/* Whether the dict has this value, or an equal one, under key: 1 or 0, or -1
 * with a pending error. */
static int
has_item(struct rt_object *dict, struct rt_object *key,
         struct rt_object *value)
{
    struct rt_object *found = rt_dict_get(dict, key);
    if (found == NULL) {
        return rt_error_occurred() == RT_ERROR_NONE ? 0 : -1;
    }
    rt_incref(found);
    int result = rt_equal(value, found);
    rt_decref(found);
    return result;
}

int
rt_dict_equal(struct rt_object *a, struct rt_object *b)
{
    if (rt_dict_size(a) != rt_dict_size(b)) {
        return 0;
    }
    int result = 1;
    size_t position = 0;
    struct rt_object *key;
    struct rt_object *value;
    while (result == 1 && rt_dict_next(a, &position, &key, &value)) {
        rt_incref(key);
        rt_incref(value);
        result = has_item(b, key, value);
        rt_decref(key);
        rt_decref(value);
    }
    return result;
}

/* Stores the deep copies of one key and its value. 0, or -1. */
static int
copy_item(struct rt_object *copy, struct rt_object *key,
          struct rt_object *value, struct rt_copy_memo *memo)
{
    struct rt_object *new_key = NULL;
    struct rt_object *new_value = NULL;
    int result = -1;
    if (rt_copy_part(value, memo, &new_value) == 0 &&
        rt_copy_part(key, memo, &new_key) == 0) {
        result = rt_dict_set(copy, new_key, new_value);
    }
    rt_xdecref(new_key);
    rt_xdecref(new_value);
    return result;
}

/* _deepcopy_dict in Lib/copy.py. */
static struct rt_object *
dict_deepcopy(struct rt_object *object, struct rt_copy_memo *memo)
{
    /* Remembered before the parts are copied: they may lead back to it. */
    struct rt_object *copy = rt_dict_new_of(object->ob_type);
    if (copy != NULL && rt_copy_memo_add(memo, object, copy) < 0) {
        rt_clear(&copy);
    }
    size_t position = 0;
    struct rt_object *key;
    struct rt_object *value;
    while (copy != NULL && rt_dict_next(object, &position, &key, &value)) {
        rt_incref(key);
        rt_incref(value);
        if (copy_item(copy, key, value, memo) < 0) {
            rt_clear(&copy);
        }
        rt_decref(key);
        rt_decref(value);
    }
    return copy;
}

const struct rt_type rt_dict_type = {
    .name = "dict",
    .basicsize = sizeof(struct rt_dict),
    .dealloc = dict_dealloc,
    .traverse = dict_traverse,
    .clear = rt_dict_clear,
    .hash = rt_hash_refused,
    .equal = rt_dict_equal,
    .copy = rt_dict_copy,
    .deepcopy = dict_deepcopy,
};

/* --- birth --------------------------------------------------------------- */

struct rt_object *
rt_dict_new_of(const struct rt_type *type)
{
    struct rt_object *object = rt_gc_new(type, 0);
    if (object == NULL) {
        return NULL;
    }
    struct rt_dict *dict = (struct rt_dict *)object;
    dict->used = 0;
    dict->version = 0;
    dict->table = NULL;
    if (type == &rt_dict_type && rt_compat_minor() < 14) {
        rt_gc_poll();
    }
    else {
        rt_gc_track(object);
    }
    return object;
}

struct rt_object *
rt_dict_new(void)
{
    return rt_dict_new_of(&rt_dict_type);
}

bool
rt_dict_check(const struct rt_object *object)
{
    return object->ob_type->dealloc == dict_dealloc;
}

size_t
rt_dict_size(const struct rt_object *object)
{
    assert(rt_dict_check(object));
    return ((const struct rt_dict *)object)->used;
}
