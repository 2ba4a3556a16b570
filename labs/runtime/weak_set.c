#include "labs/runtime/weak_set.h"

#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/list.h"
#include "labs/runtime/set.h"
#include "labs/runtime/weak_key.h"
#include "labs/runtime/weakref.h"

// --- entries ---------------------------------------------------------------

static struct rt_object *
note_reference(struct rt_object *reference)
{
    return reference;
}

static int
discard(struct rt_object *data, struct rt_object *reference)
{
    return rt_set_remove(data, reference) < 0 ? -1 : 0;
}

static bool
read_entry(struct rt_object *stored_key, struct rt_object *stored_value,
           struct rt_object **key, struct rt_object **value)
{
    (void)stored_value;
    *key = rt_weakref_get(stored_key);
    *value = NULL;
    return *key != NULL;
}

int
rt_weak_set_add(struct rt_object *object, struct rt_object *key)
{
    struct rt_object *reference =
        rt_weak_table_commit(object) == 0 && rt_weak_table_reserve(object) == 0
            ? rt_weak_key_new(key, rt_weak_table_remover(object))
            : NULL;
    if (reference == NULL) {
        return -1;
    }
    int result = rt_set_add(rt_weak_table_data(object), reference);
    rt_decref(reference);
    return result;
}

/* What a function of sets says about the key. */
static int
ask(struct rt_object *object, struct rt_object *key,
    int (*function)(struct rt_object *set, struct rt_object *key))
{
    struct rt_object *reference = rt_weak_key_new(key, NULL);
    if (reference == NULL) {
        return -1;
    }
    int result = function(rt_weak_table_data(object), reference);
    rt_decref(reference);
    return result;
}

int
rt_weak_set_contains(struct rt_object *object, struct rt_object *key)
{
    return key->ob_type->weaklist_offset != 0
               ? ask(object, key, rt_set_contains)
               : 0;
}

int
rt_weak_set_remove(struct rt_object *object, struct rt_object *key)
{
    return rt_weak_table_commit(object) == 0 ? ask(object, key, rt_set_remove)
                                             : -1;
}

size_t
rt_weak_set_size(struct rt_object *object)
{
    return rt_set_size(rt_weak_table_data(object)) -
           rt_weak_table_noted(object);
}

// --- as a value ------------------------------------------------------------

static int
store_reference(struct rt_object *to, const struct rt_weak_walk *entry,
                struct rt_copy_memo *memo)
{
    (void)memo;
    struct rt_object *reference = rt_weak_key_new(entry->key, NULL);
    int result = reference != NULL ? rt_set_add(to, reference) : -1;
    rt_xdecref(reference);
    return result < 0 ? -1 : 0;
}

/* The references of the one against new ones to what lives in the other. */
static int
weak_set_equal(struct rt_object *a, struct rt_object *b)
{
    struct rt_object *references = rt_set_new();
    int result = -1;
    if (references != NULL &&
        rt_weak_table_store_all(b, references, store_reference, NULL) == 0) {
        result = rt_equal(rt_weak_table_data(a), references);
    }
    rt_xdecref(references);
    return result;
}

// --- copies ----------------------------------------------------------------

static int
store_key(struct rt_object *to, const struct rt_weak_walk *entry,
          struct rt_copy_memo *memo)
{
    (void)memo;
    return rt_weak_set_add(to, entry->key) < 0 ? -1 : 0;
}

struct rt_object *
rt_weak_set_copy(struct rt_object *object)
{
    struct rt_object *copy = rt_weak_set_new();
    if (copy != NULL &&
        rt_weak_table_store_all(object, copy, store_key, NULL) < 0) {
        rt_clear(&copy);
    }
    return copy;
}

/* copy.copy() moves the attributes of the original into the copy, all of them
 * (WeakSet.__reduce__): the same set inside, and the same remover. */
static struct rt_object *
weak_set_copy(struct rt_object *object)
{
    return rt_weak_table_new_like(object, true, NULL);
}

static int
store_in_list(struct rt_object *to, const struct rt_weak_walk *entry,
              struct rt_copy_memo *memo)
{
    (void)memo;
    return rt_list_append(to, entry->key);
}

/* copy.deepcopy() copies the living keys as well and then has no use for the
 * copies, except that the memo knows them. */
static int
copy_keys(struct rt_object *object, struct rt_copy_memo *memo)
{
    struct rt_object *keys = rt_list_new();
    struct rt_object *copies = NULL;
    int result = -1;
    if (keys != NULL &&
        rt_weak_table_store_all(object, keys, store_in_list, NULL) == 0) {
        result = rt_copy_part(keys, memo, &copies);
    }
    rt_xdecref(copies);
    rt_xdecref(keys);
    return result;
}

/* The set inside is copied, its references are not: they and the remover are
 * those of the original, and so the copy does not hear when a key dies. */
static struct rt_object *
weak_set_deepcopy(struct rt_object *object, struct rt_copy_memo *memo)
{
    struct rt_object *copy = NULL;
    if (copy_keys(object, memo) == 0) {
        struct rt_object *data = rt_copy(rt_weak_table_data(object));
        copy = rt_weak_table_new_like(object, false, data);
    }
    if (copy != NULL && rt_copy_memo_add(memo, object, copy) < 0) {
        rt_clear(&copy);
    }
    return copy;
}

// --- the object ------------------------------------------------------------

static const struct rt_weak_table_kind weak_set_kind = {
    .type = {.name = "WeakSet",
             .basicsize = sizeof(struct rt_weak_table),
             .dealloc = rt_weak_table_dealloc,
             .traverse = rt_weak_table_traverse,
             .weaklist_offset = offsetof(struct rt_weak_table, weakrefs),
             .hash = rt_hash_refused,
             .equal = weak_set_equal,
             .copy = weak_set_copy,
             .deepcopy = weak_set_deepcopy},
    .note = note_reference,
    .discard = discard,
    .read = read_entry,
};

struct rt_object *
rt_weak_set_new(void)
{
    return rt_weak_table_new(&weak_set_kind, rt_set_new());
}

bool
rt_weak_set_check(const struct rt_object *object)
{
    return object->ob_type == &weak_set_kind.type;
}
