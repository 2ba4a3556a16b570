/* Set table: what set.c tells the other files of the set.
 *
 * Who uses a set uses set.h. Here are its steps for keys whose hash is known,
 * because another set has them already: nothing is hashed twice. All compare
 * keys, which may run any code, so hold references to the key. */
#ifndef LABS_RUNTIME_SET_TABLE_H
#define LABS_RUNTIME_SET_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rt_object;
struct rt_set;

/* As rt_set_add(), rt_set_contains(), rt_set_remove() and rt_set_next()
 * (set_add_entry, set_contains_entry, set_discard_entry, set_next). */
int rt_set_add_hashed(struct rt_set *set, struct rt_object *key, int64_t hash);
int rt_set_contains_hashed(const struct rt_set *set, struct rt_object *key,
                           int64_t hash);
int rt_set_remove_hashed(struct rt_set *set, struct rt_object *key,
                         int64_t hash);
bool rt_set_next_hashed(const struct rt_set *set, size_t *position,
                        struct rt_object **key, int64_t *hash);

/* Adds all keys of the other set, after one growth that suffices if none of
 * them is there. 0, or -1 with a pending error (set_merge). */
int rt_set_merge(struct rt_set *set, const struct rt_set *other);

/* Leaves the dummies behind when they are more than a quarter of the slots. 0,
 * or -1 with a pending memory error. */
int rt_set_trim(struct rt_set *set);

#endif
