#include "labs/runtime/weak_key_dict.h"

#include "labs/runtime/copy.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/weak_key.h"
#include "labs/runtime/weakref.h"

enum {
    COPY_DEPTH = 500 // half of sys.getrecursionlimit(): two calls a level
};

// --- entries ---------------------------------------------------------------

static struct rt_object *
note_reference(struct rt_object *reference)
{
    return reference;
}

static int
discard(struct rt_object *data, struct rt_object *reference)
{
    return rt_dict_remove(data, reference) < 0 ? -1 : 0;
}

static bool
read_entry(struct rt_object *stored_key, struct rt_object *stored_value,
           struct rt_object **key, struct rt_object **value)
{
    *key = rt_weakref_get(stored_key);
    *value = rt_new_ref(stored_value);
    return *key != NULL;
}

int
rt_weak_key_dict_set(struct rt_object *object, struct rt_object *key,
                     struct rt_object *value)
{
    struct rt_object *reference =
        rt_weak_table_reserve(object) == 0
            ? rt_weak_key_new(key, rt_weak_table_remover(object))
            : NULL;
    if (reference == NULL) {
        return -1;
    }
    int result = rt_dict_set(rt_weak_table_data(object), reference, value);
    rt_decref(reference);
    return result;
}

struct rt_object *
rt_weak_key_dict_get(struct rt_object *object, struct rt_object *key)
{
    struct rt_object *reference = rt_weak_key_new(key, NULL);
    if (reference == NULL) {
        return NULL;
    }
    struct rt_object *value =
        rt_dict_get(rt_weak_table_data(object), reference);
    rt_xincref(value);
    rt_decref(reference);
    return value;
}

int
rt_weak_key_dict_contains(struct rt_object *object, struct rt_object *key)
{
    if (key->ob_type->weaklist_offset == 0) {
        return 0;
    }
    struct rt_object *value = rt_weak_key_dict_get(object, key);
    rt_xdecref(value);
    return value != NULL ? 1 : rt_error_occurred() == RT_ERROR_NONE ? 0 : -1;
}

int
rt_weak_key_dict_remove(struct rt_object *object, struct rt_object *key)
{
    struct rt_object *reference = rt_weak_key_new(key, NULL);
    if (reference == NULL) {
        return -1;
    }
    int result = rt_dict_remove(rt_weak_table_data(object), reference);
    rt_decref(reference);
    return result;
}

size_t
rt_weak_key_dict_size(struct rt_object *object)
{
    return rt_dict_size(rt_weak_table_data(object)) -
           rt_weak_table_noted(object);
}

// --- copies ----------------------------------------------------------------

/* Stores the entry, with a copy of the value if there is a memo. */
static int
store_entry(struct rt_object *to, const struct rt_weak_walk *entry,
            struct rt_copy_memo *memo)
{
    if (memo == NULL) {
        return rt_weak_key_dict_set(to, entry->key, entry->value);
    }
    struct rt_object *value = NULL;
    if (rt_copy_part(entry->value, memo, &value) < 0) {
        return -1;
    }
    int result = rt_weak_key_dict_set(to, entry->key, value);
    rt_decref(value);
    return result;
}

static struct rt_object *
copy_all(struct rt_object *object, struct rt_copy_memo *memo)
{
    struct rt_object *copy = rt_weak_key_dict_new();
    if (copy != NULL &&
        rt_weak_table_store_all(object, copy, store_entry, memo) < 0) {
        rt_clear(&copy);
    }
    return copy;
}

static struct rt_object *
weak_key_dict_copy(struct rt_object *object)
{
    return copy_all(object, NULL);
}

/* Copies the values, the keys stay the same ones. Remembered last, as in
 * CPython (__deepcopy__): one that holds itself as a value has no end. */
static struct rt_object *
weak_key_dict_deepcopy(struct rt_object *object, struct rt_copy_memo *memo)
{
    static _Thread_local int depth;
    if (depth == COPY_DEPTH) {
        rt_error_set(RT_ERROR_RUNTIME, "maximum recursion depth exceeded");
        return NULL;
    }
    depth++;
    struct rt_object *copy = copy_all(object, memo);
    depth--;
    if (copy != NULL && rt_copy_memo_add(memo, object, copy) < 0) {
        rt_clear(&copy);
    }
    return copy;
}

// --- the object ------------------------------------------------------------

static const struct rt_weak_table_kind weak_key_dict_kind = {
    .type = {.name = "WeakKeyDictionary",
             .basicsize = sizeof(struct rt_weak_table),
             .dealloc = rt_weak_table_dealloc,
             .traverse = rt_weak_table_traverse,
             .weaklist_offset = offsetof(struct rt_weak_table, weakrefs),
             .hash = rt_hash_refused,
             .equal = rt_weak_table_equal_dicts,
             .copy = weak_key_dict_copy,
             .deepcopy = weak_key_dict_deepcopy},
    .note = note_reference,
    .discard = discard,
    .read = read_entry,
};

struct rt_object *
rt_weak_key_dict_new(void)
{
    return rt_weak_table_new(&weak_key_dict_kind, rt_dict_new());
}

bool
rt_weak_key_dict_check(const struct rt_object *object)
{
    return object->ob_type == &weak_key_dict_kind.type;
}
