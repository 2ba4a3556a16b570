/* Hashtable: finds entries by their hash, for memory that must not be seen by
 * the runtime's own allocator.
 *
 * After CPython 3.12: Python/hashtable.c, which tracemalloc uses. Entries of
 * one bucket are a chain. What an entry is, and whether two are equal, is the
 * caller's business: a struct whose first member is a struct rt_hash_entry. */
#ifndef LABS_RUNTIME_HASHTABLE_H
#define LABS_RUNTIME_HASHTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rt_hash_entry {
    struct rt_hash_entry *next; // in the same bucket
    uint64_t hash;              // fill it before rt_hashtable_add()
};

/* Zeroed it is an empty table. */
struct rt_hashtable {
    struct rt_hash_entry **buckets;
    size_t bucket_count; // a power of two, or 0
    size_t count;        // entries
};

/* Adds the entry, which the table borrows until it is removed. Whether it is
 * there already is not asked. 0, or -1 without memory for a larger table. */
int rt_hashtable_add(struct rt_hashtable *table, struct rt_hash_entry *entry);

/* The entry of this hash for which equal says so, or NULL. */
struct rt_hash_entry *rt_hashtable_find(
    const struct rt_hashtable *table, uint64_t hash,
    bool (*equal)(const struct rt_hash_entry *entry, const void *key),
    const void *key);

/* Takes out an entry that is in the table. */
void rt_hashtable_remove(struct rt_hashtable *table,
                         struct rt_hash_entry *entry);

/* Calls visit with each entry, in no order; visit may free the entry when the
 * table is released next. */
void rt_hashtable_each(const struct rt_hashtable *table,
                       void (*visit)(struct rt_hash_entry *entry, void *data),
                       void *data);

/* Gives the table's own memory back; it is empty again. */
void rt_hashtable_release(struct rt_hashtable *table);

/* Spreads every bit of the value over all bits of the result. */
static inline uint64_t
rt_hash_mix(uint64_t value)
{
    value = (value ^ value >> 32) * UINT64_C(0x9E3779B97F4A7C15);
    return value ^ value >> 29;
}

#endif
