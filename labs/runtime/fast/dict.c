/* The table of dict.c once more, for speed; it says what it does with the
 * collector itself, and offers its steps one by one (dict_table.h).
 *
 * A table has two parts in one block:
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
 * The number of an entry needs no more bits than the number of a slot, and an
 * index has more. What is left holds the same bits of the hash, the tag:
 *
 *   hash     ...10110100 01101|011        011: the slot where a search begins
 *   index             |  01101|002        entry 2, in a table of 8 slots
 *
 * An entry whose tag differs has another key and is not looked at: a search
 * for a missing key hardly ever leaves the indices. That is not in CPython.
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
 *   - count + usable is at most two thirds of the slots, so one is always
 *     EMPTY;
 *   - count - used entries are holes. */
#include "labs/runtime/dict.h"

#include <assert.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/fast/dict_table.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/string.h"

enum {
    EMPTY = -1, // DKIX_EMPTY
    DUMMY = -2, // DKIX_DUMMY
    ABSENT = RT_DICT_ABSENT,
    FAILED = RT_DICT_FAILED,
    LOG2_MIN = 3, // the smallest table has 8 slots (PyDict_LOG_MINSIZE)
    PERTURB_SHIFT = 5,
    GROWTH_RATE = 3, // new slots for each key in use
    LOOK_AHEAD = 16  // entries, when all of them move
};

struct rt_dict_table { // PyDictKeysObject
    unsigned log2_slots;
    unsigned log2_width; // of an index in bytes: int8_t, 16, 32 or 64
    size_t slot_mask;    // slots - 1
    uint64_t tag_bits;   // of an index: those above the number of an entry
    size_t usable;       // entries that can still be written before a resize
    size_t count;        // entries written, holes included
    void *indices;       // behind the entries
    struct rt_dict_entry entries[];
};

/* --- indices ------------------------------------------------------------- */

/* 2 to this power is the width of an index in bytes. All numbers of entries
 * must fit, EMPTY and DUMMY too. */
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
    switch (table->log2_width) {
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
    switch (table->log2_width) {
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

static bool
is_free(int64_t index)
{
    return index == EMPTY || index == DUMMY;
}

/* Whether an entry with this index may have this hash. */
static bool
has_tag(const struct rt_dict_table *table, int64_t index, int64_t hash)
{
    return ((uint64_t)(index ^ hash) & table->tag_bits) == 0;
}

/* --- one table ----------------------------------------------------------- */

/* USABLE_FRACTION: with more keys the searches become long. */
static size_t
usable_fraction(unsigned log2_slots)
{
    return ((size_t)2 << log2_slots) / 3;
}

static size_t
table_bytes(unsigned log2_slots)
{
    return sizeof(struct rt_dict_table) +
           usable_fraction(log2_slots) * sizeof(struct rt_dict_entry) +
           ((size_t)1 << (log2_slots + log2_index_width(log2_slots)));
}

/* A new table of 2^log2_slots slots, all empty. NULL with a pending error
 * (new_keys_object). */
static struct rt_dict_table *
new_table(unsigned log2_slots)
{
    struct rt_dict_table *table = rt_alloc(table_bytes(log2_slots));
    if (table == NULL) {
        return rt_error_no_memory();
    }
    table->log2_slots = log2_slots;
    table->log2_width = log2_index_width(log2_slots);
    table->slot_mask = ((size_t)1 << log2_slots) - 1;
    unsigned index_bits = 8U << table->log2_width;
    table->tag_bits = UINT64_MAX >> (64 - index_bits) & ~table->slot_mask;
    table->usable = usable_fraction(log2_slots);
    table->count = 0;
    table->indices = table->entries + table->usable;
    memset(table->indices, 0xFF, // EMPTY in every width
           (size_t)1 << (log2_slots + table->log2_width));
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
    size_t mask = table->slot_mask;
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
append(struct rt_dict_table *table, struct rt_dict_entry entry)
{
    assert(table->usable > 0);
    struct probe probe = probe_first(table, entry.hash);
    while (!is_free(get_index(table, probe.slot))) {
        probe_next(&probe);
    }
    uint64_t tag = (uint64_t)entry.hash & ~(uint64_t)probe.mask;
    set_index(table, probe.slot, (int64_t)(tag | table->count));
    table->entries[table->count] = entry;
    table->count++;
    table->usable--;
}

/* The slot where a search for this hash begins is asked for before it is
 * needed: in a large table it comes from main memory. */
static void
fetch_slot(const struct rt_dict_table *table, int64_t hash)
{
    size_t slot = (size_t)hash & table->slot_mask;
    __builtin_prefetch((char *)table->indices + (slot << table->log2_width));
}

/* Writes all entries but the holes into another table, which has room for
 * them. No hash is computed and no key is compared. */
static void
copy_entries(struct rt_dict_table *to, const struct rt_dict_table *from)
{
    for (size_t i = 0; i < from->count; i++) {
        if (i + LOOK_AHEAD < from->count) {
            fetch_slot(to, from->entries[i + LOOK_AHEAD].hash);
        }
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

/* What a comparison says. */
enum answer {
    ANSWER_OTHER,   // it is another key
    ANSWER_SAME,    // it is this key
    ANSWER_CHANGED, // nobody knows: the comparison has changed the dict
    ANSWER_FAILED   // pending error
};

/* Whether entry i, which has the same hash, has this key. The comparison may
 * run any code, which may release the key in the entry. */
static enum answer
compare(const struct rt_dict *dict, size_t i, struct rt_object *key)
{
    struct rt_object *candidate = dict->table->entries[i].key;
    uint64_t version = dict->version;
    rt_incref(candidate);
    int is_equal = rt_equal(candidate, key);
    rt_decref(candidate);
    if (is_equal < 0) {
        return ANSWER_FAILED;
    }
    if (dict->version != version || dict->table->entries[i].key != candidate) {
        return ANSWER_CHANGED;
    }
    return is_equal ? ANSWER_SAME : ANSWER_OTHER;
}

/* The search from its beginning, for any key. One that is found by its address
 * is compared with nothing. */
static __attribute__((noinline)) int64_t
search(const struct rt_dict *dict, struct rt_object *key, int64_t hash)
{
restart:;
    const struct rt_dict_table *table = dict->table;
    if (table == NULL) {
        return ABSENT;
    }
    for (struct probe probe = probe_first(table, hash);; probe_next(&probe)) {
        int64_t index = get_index(table, probe.slot);
        if (index == EMPTY) {
            return ABSENT;
        }
        if (!has_tag(table, index, hash) || index == DUMMY) {
            continue;
        }
        size_t i = (size_t)index & probe.mask;
        if (table->entries[i].key == key) {
            return (int64_t)i;
        }
        if (table->entries[i].hash != hash) {
            continue;
        }
        switch (compare(dict, i, key)) {
        case ANSWER_SAME:
            return (int64_t)i;
        case ANSWER_OTHER:
            break;
        case ANSWER_CHANGED:
            goto restart;
        case ANSWER_FAILED:
        default:
            return FAILED;
        }
    }
}

/* Goes on with a search at an entry that may have the key. Texts are compared
 * here, which runs no code and is all that most of these searches need. */
static __attribute__((noinline)) int64_t
search_text(const struct rt_dict *dict, struct rt_object *key, int64_t hash,
            size_t slot, size_t perturb)
{
    const struct rt_dict_table *table = dict->table;
    struct probe probe = {slot, perturb, table->slot_mask};
    for (;; probe_next(&probe)) {
        int64_t index = get_index(table, probe.slot);
        if (index == EMPTY) {
            return ABSENT;
        }
        if (!has_tag(table, index, hash) || index == DUMMY) {
            continue;
        }
        size_t i = (size_t)index & probe.mask;
        const struct rt_object *candidate = table->entries[i].key;
        if (candidate == key) {
            return (int64_t)i;
        }
        if (table->entries[i].hash != hash) {
            continue;
        }
        if (!rt_str_check(candidate) || !rt_str_check(key)) {
            return search(dict, key, hash);
        }
        if (rt_str_equal(candidate, key)) {
            return (int64_t)i;
        }
    }
}

/* Most searches are for a key that is there, by its address, or for one that
 * is not, and then hardly ever see a tag of theirs: these need no comparison,
 * and nothing of what that takes. */
static inline __attribute__((always_inline)) int64_t
find(const struct rt_dict *dict, struct rt_object *key, int64_t hash)
{
    const struct rt_dict_table *table = dict->table;
    if (table == NULL) {
        return ABSENT;
    }
    for (struct probe probe = probe_first(table, hash);; probe_next(&probe)) {
        int64_t index = get_index(table, probe.slot);
        if (index == EMPTY) {
            return ABSENT;
        }
        if (!has_tag(table, index, hash) || index == DUMMY) {
            continue;
        }
        size_t i = (size_t)index & probe.mask;
        return table->entries[i].key == key
                   ? (int64_t)i
                   : search_text(dict, key, hash, probe.slot, probe.perturb);
    }
}

int64_t
rt_dict_find(const struct rt_dict *dict, struct rt_object *key, int64_t hash)
{
    return find(dict, key, hash);
}

static __attribute__((noinline)) int64_t
ask_for_hash(struct rt_object *key)
{
    if (rt_str_check(key)) {
        return rt_str_hash(key);
    }
    int64_t hash;
    return rt_hash(key, &hash) < 0 ? -1 : hash;
}

/* Most keys are strings that were asked before. */
static inline int64_t
hash_of(struct rt_object *key)
{
    int64_t known = rt_str_check(key) ? ((struct rt_str *)key)->hash : -1;
    return known != -1 ? known : ask_for_hash(key);
}

int64_t
rt_dict_hash(struct rt_object *key)
{
    return hash_of(key);
}

/* --- for the collector --------------------------------------------------- */

/* When the key has been looked up: the dict is about to hold these two
 * (MAINTAIN_TRACKING). */
static void
maintain_tracking(struct rt_dict *dict, struct rt_object *key,
                  struct rt_object *value)
{
    if (!rt_gc_is_tracked(&dict->base) &&
        (rt_gc_may_be_tracked(key) || rt_gc_may_be_tracked(value))) {
        rt_gc_track_quietly(&dict->base);
    }
}

static void
track_as(struct rt_dict *copy, struct rt_dict *from)
{
    if (rt_gc_is_tracked(&from->base) && !rt_gc_is_tracked(&copy->base)) {
        rt_gc_track_quietly(&copy->base);
    }
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
rt_dict_add(struct rt_dict *dict, struct rt_object *key,
            struct rt_object *value, int64_t hash)
{
    maintain_tracking(dict, key, value);
    if (make_room(dict) < 0) {
        return -1;
    }
    append(dict->table,
           (struct rt_dict_entry){rt_new_ref(key), rt_new_ref(value), hash});
    dict->used++;
    return 0;
}

void
rt_dict_replace(struct rt_dict *dict, size_t i, struct rt_object *value)
{
    struct rt_dict_entry *entry = &dict->table->entries[i];
    maintain_tracking(dict, entry->key, value);
    rt_set_ref(&entry->value, rt_new_ref(value));
}

int
rt_dict_set(struct rt_object *object, struct rt_object *key,
            struct rt_object *value)
{
    struct rt_dict *dict = as_dict(object);
    int64_t hash = hash_of(key);
    int64_t i = hash == -1 ? FAILED : find(dict, key, hash);
    if (i == FAILED) {
        return -1;
    }
    if (i == ABSENT) {
        return rt_dict_add(dict, key, value, hash);
    }
    rt_dict_replace(dict, (size_t)i, value);
    return 0;
}

struct rt_object *
rt_dict_get(struct rt_object *object, struct rt_object *key)
{
    const struct rt_dict *dict = as_dict(object);
    int64_t hash = hash_of(key);
    int64_t i = hash == -1 ? FAILED : find(dict, key, hash);
    return i < 0 ? NULL : dict->table->entries[i].value;
}

/* --- taking out ---------------------------------------------------------- */

/* The slot that names entry i, which is there (lookdict_index). */
static size_t
slot_of(const struct rt_dict_table *table, size_t i)
{
    struct probe probe = probe_first(table, table->entries[i].hash);
    for (;; probe_next(&probe)) {
        int64_t index = get_index(table, probe.slot);
        if (!is_free(index) && ((size_t)index & probe.mask) == i) {
            return probe.slot;
        }
    }
}

struct rt_dict_entry
rt_dict_take(struct rt_dict *dict, size_t i)
{
    struct rt_dict_entry taken = dict->table->entries[i];
    set_index(dict->table, slot_of(dict->table, i), DUMMY);
    dict->table->entries[i] = (struct rt_dict_entry){NULL, NULL, 0};
    dict->used--;
    return taken;
}

int
rt_dict_remove(struct rt_object *object, struct rt_object *key)
{
    struct rt_dict *dict = as_dict(object);
    int64_t hash = hash_of(key);
    int64_t i = hash == -1 ? FAILED : find(dict, key, hash);
    if (i < 0) {
        return i == ABSENT ? 0 : -1;
    }
    struct rt_dict_entry removed = rt_dict_take(dict, (size_t)i);
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

bool
rt_dict_next(struct rt_object *object, size_t *position,
             struct rt_object **key, struct rt_object **value)
{
    const struct rt_dict_table *table = as_dict(object)->table;
    while (table != NULL && *position < table->count) {
        const struct rt_dict_entry *entry = &table->entries[*position];
        ++*position;
        if (entry->key != NULL) {
            *key = entry->key;
            *value = entry->value;
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
    size_t i = *position < count ? *position : count;
    while (i > 0 && table->entries[i - 1].key == NULL) {
        i--;
    }
    *position = i > 0 ? i - 1 : 0;
    if (i == 0) {
        return false;
    }
    *key = table->entries[i - 1].key;
    *value = table->entries[i - 1].value;
    return true;
}

static bool
has_few_holes(const struct rt_dict *dict)
{
    return dict->used >= dict->table->count * 2 / 3;
}

/* How large a table for so many keys is; larger than it would grow by itself
 * (estimate_log2_keysize). */
static unsigned
log2_for_keys(size_t keys)
{
    return log2_for_slots((keys * 3 + 1) / 2);
}

/* How large a copy without holes is: as large as the original if that has few
 * of them, else the smallest that will do. */
static unsigned
log2_for_copy(const struct rt_dict *dict)
{
    return has_few_holes(dict) ? dict->table->log2_slots
                               : log2_for_keys(dict->used);
}

int
rt_dict_copy_into(struct rt_dict *to, struct rt_dict *from)
{
    assert(to->used == 0 && from->used > 0);
    if (resize(to, log2_for_copy(from)) < 0) {
        return -1;
    }
    copy_entries(to->table, from->table);
    to->used = from->used;
    bool is_clone = has_few_holes(from); // else each is stored anew
    for (size_t i = 0; i < to->used; i++) {
        const struct rt_dict_entry *entry = &to->table->entries[i];
        rt_incref(entry->key);
        rt_incref(entry->value);
        if (!is_clone) {
            maintain_tracking(to, entry->key, entry->value);
        }
    }
    if (is_clone) {
        track_as(to, from);
    }
    return 0;
}

struct rt_object *
rt_dict_copy(struct rt_object *object)
{
    struct rt_object *copy = rt_dict_new();
    struct rt_dict *from = as_dict(object);
    if (copy != NULL && from->used > 0 &&
        rt_dict_copy_into(as_dict(copy), from) < 0) {
        rt_clear(&copy);
    }
    return copy;
}

size_t
rt_dict_slots(struct rt_object *object)
{
    const struct rt_dict_table *table = as_dict(object)->table;
    return table == NULL ? 0 : (size_t)1 << table->log2_slots;
}

/* --- for dict_methods.c -------------------------------------------------- */

size_t
rt_dict_written(const struct rt_dict *dict)
{
    return dict->table == NULL ? 0 : dict->table->count;
}

struct rt_dict_entry *
rt_dict_entry(const struct rt_dict *dict, size_t i)
{
    assert(i < rt_dict_written(dict));
    return &dict->table->entries[i];
}

void
rt_dict_cut(struct rt_dict *dict, size_t i)
{
    assert(i <= rt_dict_written(dict));
    dict->table->count = i;
}

int
rt_dict_reserve(struct rt_dict *dict, size_t more)
{
    bool has_room = dict->table != NULL &&
                    usable_fraction(dict->table->log2_slots) >= more;
    return has_room ? 0 : resize(dict, log2_for_keys(dict->used + more));
}
