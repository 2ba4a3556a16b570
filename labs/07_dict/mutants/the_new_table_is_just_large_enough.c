/* Wrong on purpose: a full table is moved to one that has room for one key
 * more, or a few. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"

/* Chains: each entry knows the next one of its slot. */
struct entry {
    struct rt_object *key; // NULL: a hole
    struct rt_object *value;
    int64_t hash;
    int32_t next; // entry of the same slot, -1: none
};

struct rt_dict_table {
    size_t slots;
    size_t count;
    struct entry *entries;
    int32_t *heads;
};

static struct rt_dict *
dict_of(struct rt_object *object)
{
    return (struct rt_dict *)object;
}

static struct rt_dict_table *
table_new(size_t slots)
{
    struct rt_dict_table *table = rt_alloc(sizeof(*table));
    struct entry *entries = rt_alloc(slots * sizeof(*entries));
    int32_t *heads = rt_alloc(slots * sizeof(*heads));
    if (table == NULL || entries == NULL || heads == NULL) {
        rt_free(table);
        rt_free(entries);
        rt_free(heads);
        return rt_error_no_memory();
    }
    *table = (struct rt_dict_table){
        .slots = slots, .entries = entries, .heads = heads};
    for (size_t i = 0; i < slots; i++) {
        heads[i] = -1;
    }
    return table;
}

static void
table_free(struct rt_dict_table *table)
{
    if (table != NULL) {
        rt_free(table->entries);
        rt_free(table->heads);
        rt_free(table);
    }
}

static void
table_append(struct rt_dict_table *table, struct rt_object *key,
             struct rt_object *value, int64_t hash)
{
    size_t slot = (size_t)hash & (table->slots - 1);
    table->entries[table->count] =
        (struct entry){key, value, hash, table->heads[slot]};
    table->heads[slot] = (int32_t)table->count;
    table->count++;
}

/* The entry's number, -1: not there, -2: an error. */
static int
find(struct rt_dict *dict, struct rt_object *key, int64_t hash)
{
again:;
    struct rt_dict_table *table = dict->table;
    uint64_t version = dict->version;
    if (table == NULL) {
        return -1;
    }
    for (int32_t at = table->heads[(size_t)hash & (table->slots - 1)]; at >= 0;
         at = table->entries[at].next) {
        struct entry *entry = &table->entries[at];
        if (entry->key == key) {
            return at;
        }
        if (entry->key == NULL || entry->hash != hash) {
            continue;
        }
        struct rt_object *mine = rt_new_ref(entry->key);
        int equal = rt_equal(mine, key);
        bool same = dict->version == version && dict->table == table &&
                    table->entries[at].key == mine;
        rt_decref(mine);
        if (equal < 0) {
            return -2;
        }
        if (!same || dict->version != version || dict->table != table) {
            goto again;
        }
        if (equal > 0) {
            return at;
        }
    }
    return -1;
}

static struct rt_dict_table *
rebuilt(const struct rt_dict *dict, size_t slots)
{
    struct rt_dict_table *table = table_new(slots);
    for (size_t i = 0;
         table != NULL && dict->table != NULL && i < dict->table->count; i++) {
        struct entry *entry = &dict->table->entries[i];
        if (entry->key != NULL) {
            table_append(table, entry->key, entry->value, entry->hash);
        }
    }
    return table;
}

static int
make_room(struct rt_dict *dict)
{
    if (dict->table != NULL && dict->table->count < dict->table->slots) {
        return 0;
    }
    size_t slots = 8;
    while (slots < dict->used + 1) {
        slots *= 2;
    }
    struct rt_dict_table *table = rebuilt(dict, slots);
    if (table == NULL) {
        return -1;
    }
    table_free(dict->table);
    dict->table = table;
    dict->version++;
    return 0;
}

int
rt_dict_store(struct rt_object *object, struct rt_object *key,
              struct rt_object *value)
{
    struct rt_dict *dict = dict_of(object);
    int64_t hash = 0;
    if (rt_hash(key, &hash) < 0) {
        return -1;
    }
    rt_incref(key);
    rt_incref(value);
    int at = find(dict, key, hash);
    if (at >= 0) {
        rt_set_ref(&dict->table->entries[at].value, value);
        rt_decref(key);
        return 0;
    }
    if (at == -2 || make_room(dict) < 0) {
        rt_decref(key);
        rt_decref(value);
        return -1;
    }
    table_append(dict->table, key, value, hash);
    dict->used++;
    return 0;
}

struct rt_object *
rt_dict_get(struct rt_object *object, struct rt_object *key)
{
    int64_t hash = 0;
    if (rt_hash(key, &hash) < 0) {
        return NULL;
    }
    int at = find(dict_of(object), key, hash);
    return at < 0 ? NULL : dict_of(object)->table->entries[at].value;
}

int
rt_dict_remove(struct rt_object *object, struct rt_object *key)
{
    struct rt_dict *dict = dict_of(object);
    int64_t hash = 0;
    if (rt_hash(key, &hash) < 0) {
        return -1;
    }
    int at = find(dict, key, hash);
    if (at < 0) {
        return at == -1 ? 0 : -1;
    }
    struct rt_dict_table *table = dict->table;
    int32_t *link = &table->heads[(size_t)hash & (table->slots - 1)];
    while (*link != at) {
        link = &table->entries[*link].next;
    }
    *link = table->entries[at].next;
    struct rt_object *old_key = table->entries[at].key;
    struct rt_object *old_value = table->entries[at].value;
    table->entries[at].key = table->entries[at].value = NULL;
    dict->used--;
    dict->version++;
    rt_decref(old_key);
    rt_decref(old_value);
    return 1;
}

void
rt_dict_clear(struct rt_object *object)
{
    struct rt_dict *dict = dict_of(object);
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
    table_free(table);
}

bool
rt_dict_next(struct rt_object *object, size_t *position,
             struct rt_object **key, struct rt_object **value)
{
    struct rt_dict_table *table = dict_of(object)->table;
    for (size_t at = *position; table != NULL && at < table->count; at++) {
        if (table->entries[at].key != NULL) {
            *key = table->entries[at].key;
            *value = table->entries[at].value;
            *position = at + 1;
            return true;
        }
    }
    return false;
}

bool
rt_dict_previous(struct rt_object *object, size_t *position,
                 struct rt_object **key, struct rt_object **value)
{
    struct rt_dict_table *table = dict_of(object)->table;
    size_t at = table == NULL              ? 0
                : *position < table->count ? *position
                                           : table->count;
    while (at-- > 0) {
        if (table->entries[at].key != NULL) {
            *key = table->entries[at].key;
            *value = table->entries[at].value;
            *position = at;
            return true;
        }
    }
    return false;
}

struct rt_object *
rt_dict_clone(struct rt_object *object)
{
    struct rt_dict *dict = dict_of(object);
    struct rt_object *copy = rt_dict_new();
    if (copy == NULL || dict->used == 0) {
        return copy;
    }
    size_t slots = 8;
    while (slots < dict->used) {
        slots *= 2;
    }
    struct rt_dict_table *table = rebuilt(dict, slots);
    if (table == NULL) {
        rt_decref(copy);
        return NULL;
    }
    for (size_t i = 0; i < table->count; i++) {
        rt_incref(table->entries[i].key);
        rt_incref(table->entries[i].value);
    }
    dict_of(copy)->table = table;
    dict_of(copy)->used = dict->used;
    return copy;
}

size_t
rt_dict_slots(struct rt_object *object)
{
    struct rt_dict_table *table = dict_of(object)->table;
    return table == NULL ? 0 : table->slots;
}
