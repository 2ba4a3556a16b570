#include "labs/runtime/hashtable.h"

#include <stdlib.h>

enum {
    MIN_BUCKETS = 16 // HASHTABLE_MIN_SIZE
};

static struct rt_hash_entry **
bucket_of(const struct rt_hashtable *table, uint64_t hash)
{
    return &table->buckets[hash & (table->bucket_count - 1)];
}

static void
link_entry(struct rt_hashtable *table, struct rt_hash_entry *entry)
{
    struct rt_hash_entry **bucket = bucket_of(table, entry->hash);
    entry->next = *bucket;
    *bucket = entry;
}

/* Doubles the number of buckets (hashtable_rehash). */
static int
grow(struct rt_hashtable *table)
{
    struct rt_hashtable larger = {
        .bucket_count =
            table->bucket_count == 0 ? MIN_BUCKETS : 2 * table->bucket_count,
        .count = table->count,
    };
    larger.buckets =
        calloc(larger.bucket_count, sizeof(struct rt_hash_entry *));
    if (larger.buckets == NULL) {
        return -1;
    }
    for (size_t i = 0; i < table->bucket_count; i++) {
        struct rt_hash_entry *next;
        for (struct rt_hash_entry *entry = table->buckets[i]; entry != NULL;
             entry = next) {
            next = entry->next;
            link_entry(&larger, entry);
        }
    }
    free(table->buckets);
    *table = larger;
    return 0;
}

int
rt_hashtable_add(struct rt_hashtable *table, struct rt_hash_entry *entry)
{
    if (table->count >= table->bucket_count && grow(table) != 0) {
        return -1;
    }
    link_entry(table, entry);
    table->count++;
    return 0;
}

struct rt_hash_entry *
rt_hashtable_find(const struct rt_hashtable *table, uint64_t hash,
                  bool (*equal)(const struct rt_hash_entry *entry,
                                const void *key),
                  const void *key)
{
    if (table->count == 0) {
        return NULL;
    }
    struct rt_hash_entry *entry = *bucket_of(table, hash);
    while (entry != NULL && !(entry->hash == hash && equal(entry, key))) {
        entry = entry->next;
    }
    return entry;
}

void
rt_hashtable_remove(struct rt_hashtable *table, struct rt_hash_entry *entry)
{
    struct rt_hash_entry **link = bucket_of(table, entry->hash);
    while (*link != entry) {
        link = &(*link)->next;
    }
    *link = entry->next;
    table->count--;
}

void
rt_hashtable_each(const struct rt_hashtable *table,
                  void (*visit)(struct rt_hash_entry *entry, void *data),
                  void *data)
{
    for (size_t i = 0; i < table->bucket_count; i++) {
        struct rt_hash_entry *next;
        for (struct rt_hash_entry *entry = table->buckets[i]; entry != NULL;
             entry = next) {
            next = entry->next;
            visit(entry, data);
        }
    }
}

void
rt_hashtable_release(struct rt_hashtable *table)
{
    free(table->buckets);
    *table = (struct rt_hashtable){0};
}
