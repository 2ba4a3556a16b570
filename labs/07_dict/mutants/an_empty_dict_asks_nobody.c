/* Wrong on purpose: in an empty dict a key is not there, hashable or not. */
/* A dict's table has two parts in one block:
 *
 *   indices  [ -1 | 1 | -1 | 0 | -1 | -2 | 3 | -1 ]      found by hash
 *                                         |
 *   entries  [ (k0,v0) | (k1,v1) | (-,-) | (k3,v3) | ]   in order of insertion
 *
 * The indices are what is hashed: each is the number of an entry, EMPTY, or
 * DUMMY where an entry was removed. The entries are written one after the
 * other, so walking through them gives the order of insertion; a removed one
 * stays as a hole until the next resize. Indices are small (one byte each up
 * to 128 of them), so the part that must have room to spare is the cheap one.
 *
 * A search begins at the slot that the lowest bits of the hash name and ends
 * at the key or at an EMPTY. It must not end at a DUMMY: keys that collided
 * with the removed one stand behind it. Where it goes from an occupied slot is
 * decided by the other bits of the hash, five more with each step, so that
 * keys with equal low bits soon part (see the long comment at the beginning of
 * CPython's Objects/dictobject.c).
 *
 * Rules that always hold between two calls:
 *   - an index that is not EMPTY or DUMMY names an entry with a key, and each
 *     such entry is named once;
 *   - count + usable is two thirds of the slots, so one is always EMPTY;
 *   - count - used entries are holes. */
#include "labs/runtime/dict.h"

#include <assert.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"

enum {
    EMPTY = -1,   // DKIX_EMPTY
    DUMMY = -2,   // DKIX_DUMMY
    ABSENT = -1,  // a search's answer: no entry
    FAILED = -3,  // a search's answer: pending error (DKIX_ERROR)
    LOG2_MIN = 3, // the smallest table has 8 slots (PyDict_LOG_MINSIZE)
    PERTURB_SHIFT = 5,
    GROWTH_RATE = 3 // new slots for each key in use
};

struct entry {             // PyDictKeyEntry
    struct rt_object *key; // NULL: a hole
    struct rt_object *value;
    int64_t hash; // of key
};

struct rt_dict_table { // PyDictKeysObject
    unsigned log2_slots;
    size_t usable; // entries that can still be written before a resize
    size_t count;  // entries written, holes included
    void *indices; // behind the entries: int8_t, 16, 32 or 64 for each slot
    struct entry entries[];
};

/* --- one table ----------------------------------------------------------- */

/* USABLE_FRACTION: with more keys the searches become long. */
static size_t
usable_fraction(unsigned log2_slots)
{
    return ((size_t)2 << log2_slots) / 3;
}

/* 2 to this power is the width of an index in bytes. All numbers of entries
 * must fit, below 0 too. */
static unsigned
log2_index_width(unsigned log2_slots)
{
    if (log2_slots < 8) {
        return 0;
    }
    if (log2_slots < 16) {
        return 1;
    }
    return log2_slots < 32 ? 2 : 3;
}

/* dictkeys_get_index */
static int64_t
get_index(const struct rt_dict_table *table, size_t slot)
{
    switch (log2_index_width(table->log2_slots)) {
    case 0:
        return ((const int8_t *)table->indices)[slot];
    case 1:
        return ((const int16_t *)table->indices)[slot];
    case 2:
        return ((const int32_t *)table->indices)[slot];
    default:
        return ((const int64_t *)table->indices)[slot];
    }
}

/* dictkeys_set_index */
static void
set_index(struct rt_dict_table *table, size_t slot, int64_t index)
{
    switch (log2_index_width(table->log2_slots)) {
    case 0:
        ((int8_t *)table->indices)[slot] = (int8_t)index;
        break;
    case 1:
        ((int16_t *)table->indices)[slot] = (int16_t)index;
        break;
    case 2:
        ((int32_t *)table->indices)[slot] = (int32_t)index;
        break;
    default:
        ((int64_t *)table->indices)[slot] = index;
        break;
    }
}

/* A new table of 2^log2_slots slots, all empty. NULL with a pending error
 * (new_keys_object). */
static struct rt_dict_table *
new_table(unsigned log2_slots)
{
    size_t usable = usable_fraction(log2_slots);
    size_t head_bytes =
        sizeof(struct rt_dict_table) + usable * sizeof(struct entry);
    size_t indices_bytes = (size_t)1
                           << (log2_slots + log2_index_width(log2_slots));
    struct rt_dict_table *table = rt_alloc(head_bytes + indices_bytes);
    if (table == NULL) {
        return rt_error_no_memory();
    }
    table->log2_slots = log2_slots;
    table->usable = usable;
    table->count = 0;
    table->indices = (char *)table + head_bytes;
    memset(table->indices, 0xFF, indices_bytes); // EMPTY in every width
    return table;
}

/* Where a search goes: every slot comes, and the order depends on all bits of
 * the hash. */
struct probe {
    size_t slot;
    size_t perturb;
    size_t mask;
};

static struct probe
probe_first(const struct rt_dict_table *table, int64_t hash)
{
    size_t mask = ((size_t)1 << table->log2_slots) - 1;
    return (struct probe){(size_t)hash & mask, (size_t)hash, mask};
}

static void
probe_next(struct probe *probe)
{
    probe->perturb >>= PERTURB_SHIFT;
    probe->slot = (probe->slot * 5 + probe->perturb + 1) & probe->mask;
}

/* Writes an entry whose key is not in the table, which has room for it.
 * Steals key and value (find_empty_slot, and the end of insertdict). */
static void
append(struct rt_dict_table *table, struct entry entry)
{
    assert(table->usable > 0);
    struct probe probe = probe_first(table, entry.hash);
    while (get_index(table, probe.slot) >= 0) {
        probe_next(&probe);
    }
    set_index(table, probe.slot, (int64_t)table->count);
    table->entries[table->count] = entry;
    table->count++;
    table->usable--;
}

/* Writes all entries but the holes into another table, which has room for
 * them. No hash is computed and no key is compared. */
static void
copy_entries(struct rt_dict_table *to, const struct rt_dict_table *from)
{
    for (size_t i = 0; i < from->count; i++) {
        if (from->entries[i].key != NULL) {
            append(to, from->entries[i]);
        }
    }
}

/* The smallest table with at least so many slots. One bit is always added, as
 * in CPython on 64-bit machines, so that 1 to 7 slots become 16, and only 0 or
 * 8 become 8 (calculate_log2_keysize). */
static unsigned
log2_for_slots(size_t slots)
{
    unsigned log2_slots = LOG2_MIN;
    slots |= (size_t)1 << LOG2_MIN;
    while (((size_t)1 << log2_slots) < slots) {
        log2_slots++;
    }
    return log2_slots;
}

/* --- searching ----------------------------------------------------------- */

static struct rt_dict *
as_dict(struct rt_object *object)
{
    assert(rt_dict_check(object));
    return (struct rt_dict *)object;
}

/* Whether entry i, which has the same hash, has this key: 1 or 0, -1 with a
 * pending error. The comparison may run any code, which may release the key
 * in the entry. */
static int
entry_has_key(const struct rt_dict *dict, size_t i, struct rt_object *key)
{
    struct rt_object *candidate = rt_new_ref(dict->table->entries[i].key);
    int answer = rt_equal(candidate, key);
    rt_decref(candidate);
    return answer;
}

/* The number of the entry with this key, and its slot; or ABSENT; or FAILED
 * with a pending error (_Py_dict_lookup). */
static int64_t
lookup(const struct rt_dict *dict, struct rt_object *key, int64_t hash,
       size_t *slot)
{
restart:
    if (dict->table == NULL) {
        return ABSENT;
    }
    const struct rt_dict_table *table = dict->table;
    uint64_t version = dict->version;
    for (struct probe probe = probe_first(table, hash);; probe_next(&probe)) {
        int64_t i = get_index(table, probe.slot);
        if (i == EMPTY) {
            return ABSENT;
        }
        if (i == DUMMY || table->entries[i].hash != hash) {
            continue;
        }
        const struct rt_object *candidate = table->entries[i].key;
        int answer = entry_has_key(dict, (size_t)i, key);
        if (answer < 0) {
            return FAILED;
        }
        if (dict->version != version || table->entries[i].key != candidate) {
            goto restart; // the comparison has changed the dict
        }
        if (answer > 0) {
            *slot = probe.slot;
            return i;
        }
    }
}

/* The same for a key whose hash is not known yet; FAILED if it has none. */
static int64_t
find(const struct rt_dict *dict, struct rt_object *key, int64_t *hash,
     size_t *slot)
{
    return rt_hash(key, hash) < 0 ? FAILED : lookup(dict, key, *hash, slot);
}

/* --- storing ------------------------------------------------------------- */

/* Gives the dict a table of this size with the same entries, without holes.
 * 0, or -1 with a pending error and the dict as it was (dictresize). */
static int
resize(struct rt_dict *dict, unsigned log2_slots)
{
    struct rt_dict_table *resized = new_table(log2_slots);
    if (resized == NULL) {
        return -1;
    }
    if (dict->table != NULL) {
        copy_entries(resized, dict->table);
        rt_free(dict->table);
    }
    dict->table = resized;
    dict->version++;
    return 0;
}

/* A dict that only grows gets twice as many slots; one with many holes
 * perhaps as many as before, or fewer (insertion_resize). */
static int
make_room(struct rt_dict *dict)
{
    if (dict->table != NULL && dict->table->usable > 0) {
        return 0;
    }
    return resize(dict, log2_for_slots(dict->used * GROWTH_RATE));
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
    if (i != ABSENT) {
        rt_set_ref(&dict->table->entries[i].value, rt_new_ref(value));
        return 0;
    }
    if (make_room(dict) < 0) {
        return -1;
    }
    append(dict->table,
           (struct entry){rt_new_ref(key), rt_new_ref(value), hash});
    dict->used++;
    return 0;
}

struct rt_object *
rt_dict_get(struct rt_object *object, struct rt_object *key)
{
    const struct rt_dict *dict = as_dict(object);
    int64_t hash;
    size_t slot;
    if (dict->used == 0) {
        return NULL;
    }
    int64_t i = find(dict, key, &hash, &slot);
    return i < 0 ? NULL : dict->table->entries[i].value;
}

/* --- taking out ---------------------------------------------------------- */

int
rt_dict_remove(struct rt_object *object, struct rt_object *key)
{
    struct rt_dict *dict = as_dict(object);
    int64_t hash;
    size_t slot;
    int64_t i = find(dict, key, &hash, &slot);
    if (i < 0) {
        return i == ABSENT ? 0 : -1;
    }
    struct entry removed = dict->table->entries[i];
    dict->table->entries[i] = (struct entry){NULL, NULL, 0};
    set_index(dict->table, slot, DUMMY);
    dict->used--;
    rt_decref(removed.key);
    rt_decref(removed.value);
    return 1;
}

void
rt_dict_clear(struct rt_object *object)
{
    struct rt_dict *dict = as_dict(object);
    struct rt_dict_table *table = dict->table;
    if (table == NULL) {
        return;
    }
    dict->table = NULL;
    dict->used = 0;
    dict->version++;
    for (size_t i = 0; i < table->count; i++) {
        rt_xdecref(table->entries[i].key);
        rt_xdecref(table->entries[i].value);
    }
    rt_free(table);
}

/* --- all of it ----------------------------------------------------------- */

/* Whether entry i is no hole; then here are its key and value. */
static bool
read_entry(const struct rt_dict_table *table, size_t i, struct rt_object **key,
           struct rt_object **value)
{
    const struct entry *entry = &table->entries[i];
    if (entry->key == NULL) {
        return false;
    }
    *key = entry->key;
    *value = entry->value;
    return true;
}

bool
rt_dict_next(struct rt_object *object, size_t *position,
             struct rt_object **key, struct rt_object **value)
{
    const struct rt_dict_table *table = as_dict(object)->table;
    size_t count = table == NULL ? 0 : table->count;
    while (*position < count) {
        if (read_entry(table, (*position)++, key, value)) {
            return true;
        }
    }
    return false;
}

bool
rt_dict_previous(struct rt_object *object, size_t *position,
                 struct rt_object **key, struct rt_object **value)
{
    const struct rt_dict_table *table = as_dict(object)->table;
    size_t count = table == NULL ? 0 : table->count;
    if (*position > count) {
        *position = count;
    }
    while (*position > 0) {
        if (read_entry(table, --*position, key, value)) {
            return true;
        }
    }
    return false;
}

static bool
has_few_holes(const struct rt_dict *dict)
{
    return dict->used >= dict->table->count * 2 / 3;
}

/* How large a copy without holes is: as large as the original if that has few
 * of them, else the smallest that will do. */
static unsigned
log2_for_copy(const struct rt_dict *dict)
{
    if (has_few_holes(dict)) {
        return dict->table->log2_slots;
    }
    return log2_for_slots((dict->used * 3 + 1) / 2); // ESTIMATE_SIZE
}

struct rt_object *
rt_dict_clone(struct rt_object *object)
{
    struct rt_object *copy = rt_dict_new();
    const struct rt_dict *from = as_dict(object);
    if (copy == NULL || from->used == 0) {
        return copy;
    }
    struct rt_dict *to = as_dict(copy);
    if (resize(to, log2_for_copy(from)) < 0) {
        rt_decref(copy);
        return NULL;
    }
    copy_entries(to->table, from->table);
    to->used = from->used;
    for (size_t i = 0; i < to->used; i++) {
        rt_incref(to->table->entries[i].key);
        rt_incref(to->table->entries[i].value);
    }
    return copy;
}

size_t
rt_dict_slots(struct rt_object *object)
{
    const struct rt_dict_table *table = as_dict(object)->table;
    return table == NULL ? 0 : (size_t)1 << table->log2_slots;
}
