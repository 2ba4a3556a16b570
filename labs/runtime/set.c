/* A set is one table of keys with their hashes. A slot is in one of three
 * states, and a search goes past the last two of them:
 *
 *   unused   no key, hash 0
 *   in use   a key and its hash
 *   dummy    no key, hash -1, which no key has: a key was removed here
 *
 * A new key takes the last dummy that its search has met, if there was one.
 *
 * From the slot that the lowest bits of the hash name, a search looks at up to
 * nine neighbours, which lie in the same line or two of the processor's cache,
 * and only then jumps as a dict does. At most three fifths of the slots are
 * not unused, so a search ends soon. The first eight slots are part of the
 * object: a small set is a single block. */
#include "labs/runtime/set.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/set_table.h"
#include "labs/runtime/trash.h"
#include "labs/runtime/weakref.h"

#define NO_SLOT SIZE_MAX

enum {
    MIN_SLOTS = 8,     // PySet_MINSIZE
    LINEAR_PROBES = 9, // neighbours before a jump
    PERTURB_SHIFT = 5, // as in a dict
    DUMMY_HASH = -1,   // no key's hash
    MANY_KEYS = 50000  // from here on growth is slower
};

struct slot {              // setentry
    struct rt_object *key; // NULL: unused or dummy
    int64_t hash;          // of key; 0: unused, -1: dummy
};

struct rt_set { // PySetObject
    struct rt_object base;
    struct rt_weakref *weakrefs;
    size_t filled;   // slots that are in use or dummies
    size_t used;     // keys
    size_t mask;     // slots - 1, slots being a power of two
    uint64_t tables; // that it has had: tells whether this is still the same
    size_t finger;   // where rt_set_pop() looks first
    struct slot *table; // first_table or a block
    struct slot first_table[MIN_SLOTS];
};

static struct rt_set *
as_set(struct rt_object *object)
{
    assert(rt_set_check(object));
    return (struct rt_set *)object;
}

/* Makes the set an empty one, whatever it was. */
static void
reset(struct rt_set *set)
{
    memset(set->first_table, 0, sizeof(set->first_table));
    set->filled = 0;
    set->used = 0;
    set->mask = MIN_SLOTS - 1;
    set->table = set->first_table;
    set->tables++;
}

/* --- searching ----------------------------------------------------------- */

/* Where a search goes. */
struct probe {
    size_t slot;
    size_t start;      // of this row of neighbours
    size_t neighbours; // still to come
    size_t perturb;
    size_t mask;
};

/* A row that would go past the end of the table is one slot long. */
static void
probe_row(struct probe *probe)
{
    probe->slot = probe->start;
    bool has_room = probe->start + LINEAR_PROBES <= probe->mask;
    probe->neighbours = has_room ? LINEAR_PROBES : 0;
}

static struct probe
probe_first(size_t mask, int64_t hash)
{
    struct probe probe = {
        .start = (size_t)hash & mask, .perturb = (size_t)hash, .mask = mask};
    probe_row(&probe);
    return probe;
}

static void
probe_next(struct probe *probe)
{
    if (probe->neighbours > 0) {
        probe->neighbours--;
        probe->slot++;
        return;
    }
    probe->perturb >>= PERTURB_SHIFT;
    probe->start = (probe->start * 5 + 1 + probe->perturb) & probe->mask;
    probe_row(probe);
}

/* Whether the slot, which has the same hash, has this key: 1 or 0, -1 with a
 * pending error. The comparison may run any code. */
static int
slot_has_key(const struct slot *slot, struct rt_object *key)
{
    struct rt_object *candidate = rt_new_ref(slot->key);
    int answer = rt_equal(candidate, key);
    rt_decref(candidate);
    return answer;
}

/* Finds the slot with this key, and returns 1; or the one where it belongs,
 * the last dummy on the way or else the unused slot, and returns 0; or fails
 * with -1 and a pending error (set_lookkey and the search in
 * set_add_entry). */
static int
lookup(const struct rt_set *set, struct rt_object *key, int64_t hash,
       size_t *found)
{
restart:;
    size_t dummy = NO_SLOT;
    for (struct probe probe = probe_first(set->mask, hash);;
         probe_next(&probe)) {
        const struct slot *slot = &set->table[probe.slot];
        *found = probe.slot;
        if (slot->key == NULL) {
            if (slot->hash == 0) {
                *found = dummy == NO_SLOT ? probe.slot : dummy;
                return 0;
            }
            dummy = probe.slot;
            continue;
        }
        if (slot->hash != hash) {
            continue;
        }
        const struct rt_object *candidate = slot->key;
        uint64_t tables = set->tables;
        int answer = slot_has_key(slot, key);
        if (answer < 0) {
            return -1;
        }
        if (set->tables != tables || slot->key != candidate) {
            goto restart; // the comparison has changed the set
        }
        if (answer > 0) {
            return 1;
        }
    }
}

/* --- growth -------------------------------------------------------------- */

/* Puts a key into a table that has room and neither this key nor dummies
 * (set_insert_clean). */
static void
insert_clean(struct slot *table, size_t mask, struct slot new_slot)
{
    struct probe probe = probe_first(mask, new_slot.hash);
    while (table[probe.slot].key != NULL) {
        probe_next(&probe);
    }
    table[probe.slot] = new_slot;
}

/* Gives the set a table with more slots than this, without dummies. 0, or -1
 * with a pending error and the set as it was (set_table_resize). */
static int
resize(struct rt_set *set, size_t more_than)
{
    size_t slots = MIN_SLOTS;
    while (slots <= more_than) {
        slots *= 2;
    }
    struct slot *table = rt_alloc(slots * sizeof(*table));
    if (table == NULL) {
        rt_error_no_memory();
        return -1;
    }
    memset(table, 0, slots * sizeof(*table));
    for (size_t i = 0; i <= set->mask; i++) {
        if (set->table[i].key != NULL) {
            insert_clean(table, slots - 1, set->table[i]);
        }
    }
    if (set->table != set->first_table) {
        rt_free(set->table);
    }
    set->table = table;
    if (slots == MIN_SLOTS) {
        memcpy(set->first_table, table, sizeof(set->first_table));
        set->table = set->first_table;
        rt_free(table);
    }
    set->mask = slots - 1;
    set->filled = set->used;
    set->tables++;
    return 0;
}

static bool
is_crowded(size_t filled, size_t mask)
{
    return filled * 5 >= mask * 3;
}

/* After an addition; growth_factor of set_add_entry. */
static int
grow(struct rt_set *set)
{
    return resize(set, set->used * (set->used > MANY_KEYS ? 2 : 4));
}

int
rt_set_trim(struct rt_set *set)
{
    bool has_few_dummies = set->filled - set->used <= set->mask / 4;
    return has_few_dummies ? 0 : grow(set);
}

/* --- one key ------------------------------------------------------------- */

int
rt_set_add_hashed(struct rt_set *set, struct rt_object *key, int64_t hash)
{
    size_t i;
    int is_there = lookup(set, key, hash, &i);
    if (is_there != 0) {
        return is_there > 0 ? 0 : -1;
    }
    bool was_unused = set->table[i].hash == 0;
    set->table[i] = (struct slot){rt_new_ref(key), hash};
    set->filled += was_unused;
    set->used++;
    if (!was_unused || !is_crowded(set->filled, set->mask)) {
        return 1;
    }
    if (grow(set) < 0) {
        set->table[i] = (struct slot){NULL, 0};
        set->filled--;
        set->used--;
        rt_decref(key);
        return -1;
    }
    return 1;
}

int
rt_set_contains_hashed(const struct rt_set *set, struct rt_object *key,
                       int64_t hash)
{
    size_t i;
    return lookup(set, key, hash, &i);
}

/* Leaves a dummy; the key is yours. */
static struct rt_object *
take(struct rt_set *set, size_t i)
{
    struct rt_object *taken = set->table[i].key;
    set->table[i] = (struct slot){NULL, DUMMY_HASH};
    set->used--;
    return taken;
}

int
rt_set_remove_hashed(struct rt_set *set, struct rt_object *key, int64_t hash)
{
    size_t i;
    int is_there = lookup(set, key, hash, &i);
    if (is_there == 1) {
        rt_decref(take(set, i));
    }
    return is_there;
}

/* --- for everybody ------------------------------------------------------- */

int
rt_set_add(struct rt_object *object, struct rt_object *key)
{
    int64_t hash;
    return rt_hash(key, &hash) < 0
               ? -1
               : rt_set_add_hashed(as_set(object), key, hash);
}

int
rt_set_contains(struct rt_object *object, struct rt_object *key)
{
    int64_t hash;
    return rt_hash(key, &hash) < 0
               ? -1
               : rt_set_contains_hashed(as_set(object), key, hash);
}

int
rt_set_remove(struct rt_object *object, struct rt_object *key)
{
    int64_t hash;
    return rt_hash(key, &hash) < 0
               ? -1
               : rt_set_remove_hashed(as_set(object), key, hash);
}

/* The search goes on where the last one has ended, or emptying a large set
 * would look through the same dummies again and again. */
int
rt_set_pop(struct rt_object *object, struct rt_object **key)
{
    struct rt_set *set = as_set(object);
    if (set->used == 0) {
        return rt_error_set(RT_ERROR_KEY, "pop from an empty set");
    }
    size_t i = set->finger & set->mask;
    while (set->table[i].key == NULL) {
        i = (i + 1) & set->mask;
    }
    *key = take(set, i);
    set->finger = i + 1;
    return 0;
}

void
rt_set_clear(struct rt_object *object)
{
    struct rt_set *set = as_set(object);
    struct slot first_table[MIN_SLOTS];
    memcpy(first_table, set->first_table, sizeof(first_table));
    bool is_first = set->table == set->first_table;
    struct slot *table = is_first ? first_table : set->table;
    size_t mask = set->mask;
    reset(set);
    for (size_t i = 0; i <= mask; i++) {
        rt_xdecref(table[i].key);
    }
    if (!is_first) {
        rt_free(table);
    }
}

size_t
rt_set_size(const struct rt_object *object)
{
    assert(rt_set_check(object));
    return ((const struct rt_set *)object)->used;
}

size_t
rt_set_slots(const struct rt_object *object)
{
    assert(rt_set_check(object));
    return ((const struct rt_set *)object)->mask + 1;
}

bool
rt_set_next_hashed(const struct rt_set *set, size_t *position,
                   struct rt_object **key, int64_t *hash)
{
    while (*position <= set->mask) {
        const struct slot *slot = &set->table[*position];
        ++*position;
        if (slot->key != NULL) {
            *key = slot->key;
            *hash = slot->hash;
            return true;
        }
    }
    return false;
}

bool
rt_set_next(struct rt_object *object, size_t *position, struct rt_object **key)
{
    int64_t hash;
    return rt_set_next_hashed(as_set(object), position, key, &hash);
}

/* --- the type ------------------------------------------------------------ */

static void
set_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    if (rt_trash_begin(object)) {
        rt_weakref_clear_all(object);
        rt_set_clear(object);
        rt_gc_free(object);
        rt_trash_end();
    }
}

static int
set_traverse(struct rt_object *object,
             int (*visit)(struct rt_object *held, void *data), void *data)
{
    size_t position = 0;
    struct rt_object *key;
    int result = 0;
    while (result == 0 && rt_set_next(object, &position, &key)) {
        result = visit(key, data);
    }
    return result;
}

/* Whether each key of a is in b, which has as many: 1 or 0, or -1 with a
 * pending error (set_richcompare). */
static int
set_equal(struct rt_object *a, struct rt_object *b)
{
    if (rt_set_size(a) != rt_set_size(b)) {
        return 0;
    }
    int result = 1;
    size_t position = 0;
    struct rt_object *key;
    while (result == 1 && rt_set_next(a, &position, &key)) {
        rt_incref(key);
        result = rt_set_contains(b, key);
        rt_decref(key);
    }
    return result;
}

/* Gives a set without keys and dummies those of another. They are all
 * different, so nothing is compared; where the tables are of one size and
 * there are no dummies, the keys come to the same slots. */
static void
fill(struct rt_set *set, const struct rt_set *from)
{
    bool as_it_is = set->mask == from->mask && from->filled == from->used;
    for (size_t i = 0; i <= from->mask; i++) {
        struct slot slot = from->table[i];
        if (slot.key == NULL) {
            continue;
        }
        rt_incref(slot.key);
        if (as_it_is) {
            set->table[i] = slot;
        }
        else {
            insert_clean(set->table, set->mask, slot);
        }
    }
    set->filled = set->used = from->used;
}

int
rt_set_merge(struct rt_set *set, const struct rt_set *other)
{
    if (set == other || other->used == 0) {
        return 0;
    }
    if (is_crowded(set->filled + other->used, set->mask) &&
        resize(set, (set->used + other->used) * 2) < 0) {
        return -1;
    }
    if (set->filled == 0) {
        fill(set, other);
        return 0;
    }
    size_t position = 0;
    struct rt_object *key;
    int64_t hash;
    while (rt_set_next_hashed(other, &position, &key, &hash)) {
        rt_incref(key);
        int added = rt_set_add_hashed(set, key, hash);
        rt_decref(key);
        if (added < 0) {
            return -1;
        }
    }
    return 0;
}

static struct rt_object *
set_copy(struct rt_object *object)
{
    struct rt_object *copy = rt_set_new();
    if (copy != NULL && rt_set_merge(as_set(copy), as_set(object)) < 0) {
        rt_clear(&copy);
    }
    return copy;
}

/* Adds the deep copies of all keys. 0, or -1 with a pending error. */
static int
add_copies(struct rt_object *copy, struct rt_object *const *keys, size_t count,
           struct rt_copy_memo *memo)
{
    for (size_t i = 0; i < count; i++) {
        struct rt_object *part;
        if (rt_copy_part(keys[i], memo, &part) < 0) {
            return -1;
        }
        int added = rt_set_add(copy, part);
        rt_decref(part);
        if (added < 0) {
            return -1;
        }
    }
    return 0;
}

/* The keys come first, because a copy must be whole before it is hashed, so
 * the set is remembered last: one that leads back to itself gets a copy of
 * its own there, as in CPython (_reconstruct in Lib/copy.py with the list
 * that set.__reduce__ gives). */
static struct rt_object *
set_deepcopy(struct rt_object *object, struct rt_copy_memo *memo)
{
    size_t count = 0;
    struct rt_object **keys = // ours
        rt_alloc((rt_set_size(object) + 1) * sizeof(*keys));
    if (keys == NULL) {
        return rt_error_no_memory();
    }
    size_t position = 0;
    while (rt_set_next(object, &position, &keys[count])) {
        rt_incref(keys[count++]);
    }
    struct rt_object *copy = rt_set_new();
    if (copy != NULL && (add_copies(copy, keys, count, memo) < 0 ||
                         rt_copy_memo_add(memo, object, copy) < 0)) {
        rt_clear(&copy);
    }
    while (count > 0) {
        rt_decref(keys[--count]);
    }
    rt_free(keys);
    return copy;
}

static const struct rt_type set_type = {
    .name = "set",
    .basicsize = sizeof(struct rt_set),
    .dealloc = set_dealloc,
    .traverse = set_traverse,
    .clear = rt_set_clear,
    .weaklist_offset = offsetof(struct rt_set, weakrefs),
    .hash = rt_hash_refused,
    .equal = set_equal,
    .copy = set_copy,
    .deepcopy = set_deepcopy,
};

struct rt_object *
rt_set_new(void)
{
    struct rt_object *object = rt_gc_new(&set_type, 0);
    if (object == NULL) {
        return NULL;
    }
    struct rt_set *set = (struct rt_set *)object;
    set->weakrefs = NULL;
    set->tables = 0;
    set->finger = 0;
    reset(set);
    rt_gc_track(object);
    return object;
}

bool
rt_set_check(const struct rt_object *object)
{
    return object->ob_type == &set_type;
}
