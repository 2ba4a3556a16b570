/* Dict table: what dict.c in this folder tells dict_methods.c beside it.
 *
 * After CPython 3.12: Include/internal/pycore_dict.h. Who uses a dict uses
 * dict.h. Here are its steps one by one, for what combines them in other ways:
 * to look a key up once and then store it. Entries are numbered in the order
 * of insertion, holes included; a number is good until the dict changes. */
#ifndef LABS_RUNTIME_FAST_DICT_TABLE_H
#define LABS_RUNTIME_FAST_DICT_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct rt_dict;
struct rt_object;

struct rt_dict_entry {     // PyDictKeyEntry
    struct rt_object *key; // NULL: a hole
    struct rt_object *value;
    int64_t hash; // of key
};

enum {
    RT_DICT_ABSENT = -1, // a search's answer: no entry (DKIX_EMPTY)
    RT_DICT_FAILED = -3  // a search's answer: pending error (DKIX_ERROR)
};

/* The hash of a key; -1, which no key has, with a pending error. */
int64_t rt_dict_hash(struct rt_object *key);

/* The number of the entry with this key, RT_DICT_ABSENT, or RT_DICT_FAILED
 * (_Py_dict_lookup). */
int64_t rt_dict_find(const struct rt_dict *dict, struct rt_object *key,
                     int64_t hash);

/* Appends a key that is not there, with references of the dict's own. 0, or
 * -1 with a pending memory error and the dict as it was. */
int rt_dict_add(struct rt_dict *dict, struct rt_object *key,
                struct rt_object *value, int64_t hash);

/* Puts value, borrowed, in the place of another, which is released last. */
void rt_dict_replace(struct rt_dict *dict, size_t i, struct rt_object *value);

/* Takes an entry out, a hole stays: its references are yours
 * (delitem_common). */
struct rt_dict_entry rt_dict_take(struct rt_dict *dict, size_t i);

/* Forgets the holes from i to the end of the table, so that their numbers, but
 * not their room, are used again (the end of dict_popitem_impl). */
void rt_dict_cut(struct rt_dict *dict, size_t i);

/* How many entries were written, holes included, and one of them, borrowed
 * until the dict changes. */
size_t rt_dict_written(const struct rt_dict *dict);
struct rt_dict_entry *rt_dict_entry(const struct rt_dict *dict, size_t i);

/* Prepares for so many more keys, few of which are there already: a table that
 * could not hold them alone is replaced. 0, or -1 with a pending memory error
 * and the dict as it was (the beginning of dict_merge). */
int rt_dict_reserve(struct rt_dict *dict, size_t more);

/* Gives a dict without keys those of from, which has some, with references of
 * its own; hashes and compares nothing. 0, or -1 with a pending memory error
 * and the dict as it was. */
int rt_dict_copy_into(struct rt_dict *to, struct rt_dict *from);

#endif
