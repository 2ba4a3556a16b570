/* Wrong on purpose: the table doubles whenever it is full, even if it is full
 * of holes. */

#include "labs/runtime/alloc.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"

enum {
    EMPTY = -1,
    DUMMY = -2,
    FAILED = -3
};

struct entry {
    struct rt_object *key; // NULL: removed
    struct rt_object *value;
    int64_t hash;
};

struct rt_dict_table {
    size_t slots; // a power of two
    size_t count; // entries written
    struct entry *entries;
    int32_t *indices;
};

static struct rt_dict *
as_dict(struct rt_object *object)
{
    return (struct rt_dict *)object;
}

static struct rt_dict_table *
new_table(size_t slots)
{
    struct rt_dict_table *table = rt_alloc(sizeof(*table));
    struct entry *entries = rt_alloc(slots * sizeof(*entries));
    int32_t *indices = rt_alloc(slots * sizeof(*indices));
    if (table == NULL || entries == NULL || indices == NULL) {
        rt_free(table);
        rt_free(entries);
        rt_free(indices);
        return rt_error_no_memory();
    }
    table->slots = slots;
    table->count = 0;
    table->entries = entries;
    table->indices = indices;
    for (size_t i = 0; i < slots; i++) {
        indices[i] = EMPTY;
    }
    return table;
}

static void
free_table(struct rt_dict_table *table)
{
    if (table != NULL) {
        rt_free(table->entries);
        rt_free(table->indices);
        rt_free(table);
    }
}

static size_t
next_slot(const struct rt_dict_table *table, size_t slot, uint64_t *perturb)
{
    *perturb >>= 5;
    return (slot * 5 + (size_t)*perturb + 1) & (table->slots - 1);
}

static void
append(struct rt_dict_table *table, struct entry entry)
{
    uint64_t perturb = (uint64_t)entry.hash;
    size_t slot = (size_t)entry.hash & (table->slots - 1);
    while (table->indices[slot] >= 0) {
        slot = next_slot(table, slot, &perturb);
    }
    table->indices[slot] = (int32_t)table->count;
    table->entries[table->count++] = entry;
}

static int64_t
find(struct rt_dict *dict, struct rt_object *key, int64_t *hash, size_t *at)
{
    if (rt_hash(key, hash) < 0) {
        return FAILED;
    }
again:;
    struct rt_dict_table *table = dict->table;
    if (table == NULL) {
        return EMPTY;
    }
    uint64_t version = dict->version;
    uint64_t perturb = (uint64_t)*hash;
    size_t slot = (size_t)*hash & (table->slots - 1);
    while (table->indices[slot] != EMPTY) {
        int32_t i = table->indices[slot];
        if (i >= 0 && table->entries[i].hash == *hash) {
            struct rt_object *found = rt_new_ref(table->entries[i].key);
            int is_equal = rt_equal(found, key);
            rt_decref(found);
            if (is_equal < 0) {
                return FAILED;
            }
            if (dict->version != version) {
                goto again;
            }
            if (is_equal > 0) {
                *at = slot;
                return i;
            }
        }
        slot = next_slot(table, slot, &perturb);
    }
    return EMPTY;
}

static int
grow(struct rt_dict *dict)
{
    struct rt_dict_table *old = dict->table;
    if (old != NULL && old->count + 1 < old->slots * 2 / 3) {
        return 0;
    }
    size_t slots = 8;
    while (old != NULL && slots < old->slots * 2) {
        slots *= 2;
    }
    struct rt_dict_table *table = new_table(slots);
    if (table == NULL) {
        return -1;
    }
    for (size_t i = 0; old != NULL && i < old->count; i++) {
        if (old->entries[i].key != NULL) {
            append(table, old->entries[i]);
        }
    }
    free_table(old);
    dict->table = table;
    dict->version++;
    return 0;
}

int
rt_dict_store(struct rt_object *object, struct rt_object *key,
            struct rt_object *value)
{
    struct rt_dict *dict = as_dict(object);
    int64_t hash;
    size_t slot;
    int64_t i = find(dict, key, &hash, &slot);
    if (i == FAILED) {
        return -1;
    }
    if (i >= 0) {
        rt_set_ref(&dict->table->entries[i].value, rt_new_ref(value));
        return 0;
    }
    if (grow(dict) < 0) {
        return -1;
    }
    rt_incref(key);
    rt_incref(value);
    append(dict->table, (struct entry){key, value, hash});
    dict->used++;
    dict->version++;
    return 0;
}

struct rt_object *
rt_dict_get(struct rt_object *object, struct rt_object *key)
{
    struct rt_dict *dict = as_dict(object);
    int64_t hash;
    size_t slot;
    int64_t i = find(dict, key, &hash, &slot);
    return i >= 0 ? dict->table->entries[i].value : NULL;
}

int
rt_dict_remove(struct rt_object *object, struct rt_object *key)
{
    struct rt_dict *dict = as_dict(object);
    int64_t hash;
    size_t slot;
    int64_t i = find(dict, key, &hash, &slot);
    if (i < 0) {
        return i == FAILED ? -1 : 0;
    }
    struct entry *entry = &dict->table->entries[i];
    struct rt_object *old_key = entry->key;
    struct rt_object *old_value = entry->value;
    entry->key = NULL;
    entry->value = NULL;
    dict->table->indices[slot] = DUMMY;
    dict->used--;
    dict->version++;
    rt_decref(old_key);
    rt_decref(old_value);
    return 1;
}

void
rt_dict_clear(struct rt_object *object)
{
    struct rt_dict *dict = as_dict(object);
    struct rt_dict_table *table = dict->table;
    dict->table = NULL;
    dict->used = 0;
    dict->version++;
    for (size_t i = 0; table != NULL && i < table->count; i++) {
        if (table->entries[i].key != NULL) {
            rt_decref(table->entries[i].key);
            rt_decref(table->entries[i].value);
        }
    }
    free_table(table);
}

bool
rt_dict_next(struct rt_object *object, size_t *position,
             struct rt_object **key, struct rt_object **value)
{
    const struct rt_dict_table *table = as_dict(object)->table;
    while (table != NULL && *position < table->count) {
        const struct entry *entry = &table->entries[(*position)++];
        if (entry->key != NULL) {
            *key = entry->key;
            *value = entry->value;
            return true;
        }
    }
    return false;
}

struct rt_object *
rt_dict_clone(struct rt_object *object)
{
    struct rt_object *copy = rt_dict_new();
    const struct rt_dict_table *from = as_dict(object)->table;
    if (copy == NULL || from == NULL) {
        return copy;
    }
    struct rt_dict *to = as_dict(copy);
    to->table = new_table(from->slots);
    if (to->table == NULL) {
        rt_decref(copy);
        return NULL;
    }
    for (size_t i = 0; i < from->count; i++) {
        if (from->entries[i].key != NULL) {
            rt_incref(from->entries[i].key);
            rt_incref(from->entries[i].value);
            append(to->table, from->entries[i]);
            to->used++;
        }
    }
    return copy;
}

bool
rt_dict_previous(struct rt_object *object, size_t *position,
                 struct rt_object **key, struct rt_object **value)
{
    const struct rt_dict_table *table = as_dict(object)->table;
    size_t i = table == NULL               ? 0
               : *position < table->count ? *position
                                          : table->count;
    while (i > 0 && table->entries[i - 1].key == NULL) {
        i--;
    }
    if (i > 0) {
        *key = table->entries[i - 1].key;
        *value = table->entries[i - 1].value;
    }
    *position = i > 0 ? i - 1 : 0;
    return i > 0;
}

size_t
rt_dict_slots(struct rt_object *object)
{
    const struct rt_dict_table *table = as_dict(object)->table;
    return table == NULL ? 0 : table->slots;
}
