#include "labs/runtime/weak_value_dict.h"

#include "labs/runtime/copy.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/weak_kind.h"

// --- references that know their keys (KeyedRef) ----------------------------

static struct rt_object *
key_of(struct rt_object *reference)
{
    return ((struct rt_weakref *)reference)->of_kind.key;
}

static void
keyed_dealloc(struct rt_object *object)
{
    struct rt_object *key = key_of(object);
    rt_weak_kind_base()->dealloc(object);
    rt_xdecref(key);
}

static int
keyed_traverse(struct rt_object *object,
               int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_object *key = key_of(object);
    int result = key != NULL ? visit(key, data) : 0;
    return result != 0 ? result
                       : rt_weak_kind_base()->traverse(object, visit, data);
}

static struct rt_type keyed_type = {
    .name = "KeyedRef",
    .dealloc = keyed_dealloc,
    .traverse = keyed_traverse,
};

// --- entries ---------------------------------------------------------------

/* Whether there is no value behind the reference; one that is dying is none.
 */
static bool
is_dead(struct rt_object *reference)
{
    struct rt_object *value = rt_weakref_get(reference);
    rt_xdecref(value);
    return value == NULL;
}

/* A value that lives has been stored since (_remove_dead_weakref). */
static int
discard(struct rt_object *data, struct rt_object *key)
{
    struct rt_object *reference = rt_dict_get(data, key);
    if (reference != NULL && is_dead(reference)) {
        return rt_dict_remove(data, key) < 0 ? -1 : 0;
    }
    return rt_error_occurred() == RT_ERROR_NONE ? 0 : -1;
}

static bool
read_entry(struct rt_object *stored_key, struct rt_object *stored_value,
           struct rt_object **key, struct rt_object **value)
{
    *key = rt_new_ref(stored_key);
    *value = rt_weakref_get(stored_value);
    return *value != NULL;
}

/* The reference under key, borrowed, or NULL, after what is noted is out. */
static struct rt_object *
find(struct rt_object *object, struct rt_object *key)
{
    return rt_weak_table_commit(object) == 0
               ? rt_dict_get(rt_weak_table_data(object), key)
               : NULL;
}

int
rt_weak_value_dict_set(struct rt_object *object, struct rt_object *key,
                       struct rt_object *value)
{
    if (rt_weak_table_commit(object) < 0 ||
        rt_weak_table_reserve(object) < 0) {
        return -1;
    }
    struct rt_object *reference =
        rt_weak_kind_new(&keyed_type, value, rt_weak_table_remover(object));
    if (reference == NULL) {
        return -1;
    }
    ((struct rt_weakref *)reference)->of_kind.key = rt_new_ref(key);
    int result = rt_dict_set(rt_weak_table_data(object), key, reference);
    rt_decref(reference);
    return result;
}

struct rt_object *
rt_weak_value_dict_get(struct rt_object *object, struct rt_object *key)
{
    struct rt_object *reference = find(object, key);
    return reference != NULL ? rt_weakref_get(reference) : NULL;
}

int
rt_weak_value_dict_contains(struct rt_object *object, struct rt_object *key)
{
    struct rt_object *reference = find(object, key);
    if (reference != NULL) {
        return !is_dead(reference);
    }
    return rt_error_occurred() == RT_ERROR_NONE ? 0 : -1;
}

int
rt_weak_value_dict_remove(struct rt_object *object, struct rt_object *key)
{
    return rt_weak_table_commit(object) == 0
               ? rt_dict_remove(rt_weak_table_data(object), key)
               : -1;
}

int64_t
rt_weak_value_dict_size(struct rt_object *object)
{
    return rt_weak_table_commit(object) == 0
               ? (int64_t)rt_dict_size(rt_weak_table_data(object))
               : -1;
}

// --- copies ----------------------------------------------------------------

static int
store_entry(struct rt_object *to, const struct rt_weak_walk *entry,
            struct rt_copy_memo *memo)
{
    (void)memo;
    return rt_weak_value_dict_set(to, entry->key, entry->value);
}

static int
store_copied_key(struct rt_object *to, const struct rt_weak_walk *entry,
                 struct rt_copy_memo *memo)
{
    struct rt_object *key = NULL;
    if (rt_copy_part(entry->key, memo, &key) < 0) {
        return -1;
    }
    int result = rt_weak_value_dict_set(to, key, entry->value);
    rt_decref(key);
    return result;
}

static struct rt_object *
weak_value_dict_copy(struct rt_object *object)
{
    struct rt_object *copy = rt_weak_value_dict_new();
    if (copy != NULL &&
        rt_weak_table_store_all(object, copy, store_entry, NULL) < 0) {
        rt_clear(&copy);
    }
    return copy;
}

/* The keys are copied, the values stay the same ones: nobody would hold copies
 * of them. Remembered last, as in CPython (__deepcopy__). */
static struct rt_object *
weak_value_dict_deepcopy(struct rt_object *object, struct rt_copy_memo *memo)
{
    struct rt_object *copy = rt_weak_value_dict_new();
    if (copy != NULL &&
        (rt_weak_table_store_all(object, copy, store_copied_key, memo) < 0 ||
         rt_copy_memo_add(memo, object, copy) < 0)) {
        rt_clear(&copy);
    }
    return copy;
}

// --- the object ------------------------------------------------------------

static const struct rt_weak_table_kind weak_value_dict_kind = {
    .type = {.name = "WeakValueDictionary",
             .basicsize = sizeof(struct rt_weak_table),
             .dealloc = rt_weak_table_dealloc,
             .traverse = rt_weak_table_traverse,
             .weaklist_offset = offsetof(struct rt_weak_table, weakrefs),
             .hash = rt_hash_refused,
             .equal = rt_weak_table_equal_dicts,
             .copy = weak_value_dict_copy,
             .deepcopy = weak_value_dict_deepcopy},
    .commits_first = true,
    .note = key_of,
    .discard = discard,
    .read = read_entry,
};

struct rt_object *
rt_weak_value_dict_new(void)
{
    return rt_weak_table_new(&weak_value_dict_kind, rt_dict_new());
}

bool
rt_weak_value_dict_check(const struct rt_object *object)
{
    return object->ob_type == &weak_value_dict_kind.type;
}
