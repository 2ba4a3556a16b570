#include "labs/runtime/set_ops.h"

#include <assert.h>

#include "labs/runtime/copy.h"
#include "labs/runtime/object.h"
#include "labs/runtime/set.h"
#include "labs/runtime/set_table.h"

static struct rt_set *
as_set(struct rt_object *object)
{
    assert(rt_set_check(object));
    return (struct rt_set *)object;
}

/* Calls act with each key of a set, held, until it returns another number
 * than 0, and returns that. act may change the set; then the walk is safe. */
static int
each_key(const struct rt_set *set,
         int (*act)(struct rt_object *key, int64_t hash, void *data),
         void *data)
{
    size_t position = 0;
    struct rt_object *key;
    int64_t hash;
    int result = 0;
    while (result == 0 && rt_set_next_hashed(set, &position, &key, &hash)) {
        rt_incref(key);
        result = act(key, hash, data);
        rt_decref(key);
    }
    return result;
}

/* --- union --------------------------------------------------------------- */

int
rt_set_update(struct rt_object *a, struct rt_object *b)
{
    return rt_set_merge(as_set(a), as_set(b));
}

struct rt_object *
rt_set_union(struct rt_object *a, struct rt_object *b)
{
    struct rt_object *result = rt_copy(a);
    if (result != NULL && rt_set_update(result, b) < 0) {
        rt_clear(&result);
    }
    return result;
}

/* --- intersection and difference ----------------------------------------- */

/* The keys that another set has, or has not, go to the result. */
struct choice {
    const struct rt_set *other;
    int wanted; // 1: those that are there
    struct rt_set *result;
};

static int
add_if_wanted(struct rt_object *key, int64_t hash, void *data)
{
    const struct choice *choice = data;
    int is_there = rt_set_contains_hashed(choice->other, key, hash);
    if (is_there != choice->wanted) {
        return is_there < 0 ? -1 : 0;
    }
    return rt_set_add_hashed(choice->result, key, hash) < 0 ? -1 : 0;
}

/* A new set of those keys that the other set has, or has not. */
static struct rt_object *
choose(struct rt_object *from, struct rt_object *other, int wanted)
{
    struct rt_object *result = rt_set_new();
    if (result == NULL) {
        return NULL;
    }
    struct choice choice = {as_set(other), wanted, as_set(result)};
    if (each_key(as_set(from), add_if_wanted, &choice) < 0) {
        rt_clear(&result);
    }
    return result;
}

struct rt_object *
rt_set_intersection(struct rt_object *a, struct rt_object *b)
{
    if (a == b) {
        return rt_copy(a);
    }
    return rt_set_size(b) > rt_set_size(a) ? choose(a, b, 1) : choose(b, a, 1);
}

static int
remove_key(struct rt_object *key, int64_t hash, void *from)
{
    return rt_set_remove_hashed(from, key, hash) < 0 ? -1 : 0;
}

/* Against a much larger set, what both have in common is found first. */
int
rt_set_difference_update(struct rt_object *a, struct rt_object *b)
{
    if (a == b) {
        rt_set_clear(a);
        return 0;
    }
    bool is_larger = rt_set_size(b) / 8 > rt_set_size(a);
    struct rt_object *other =
        is_larger ? rt_set_intersection(a, b) : rt_new_ref(b);
    if (other == NULL) {
        return -1;
    }
    int result = each_key(as_set(other), remove_key, a);
    rt_decref(other);
    return result < 0 ? -1 : rt_set_trim(as_set(a));
}

/* Few keys are taken out of a copy; of many, the rest is collected. */
struct rt_object *
rt_set_difference(struct rt_object *a, struct rt_object *b)
{
    if (rt_set_size(a) / 4 <= rt_set_size(b)) {
        return choose(a, b, 0);
    }
    struct rt_object *result = rt_copy(a);
    if (result != NULL && rt_set_difference_update(result, b) < 0) {
        rt_clear(&result);
    }
    return result;
}

/* --- symmetric difference ------------------------------------------------ */

static int
toggle(struct rt_object *key, int64_t hash, void *set)
{
    int removed = rt_set_remove_hashed(set, key, hash);
    if (removed != 0) {
        return removed < 0 ? -1 : 0;
    }
    return rt_set_add_hashed(set, key, hash) < 0 ? -1 : 0;
}

int
rt_set_symmetric_difference_update(struct rt_object *a, struct rt_object *b)
{
    if (a == b) {
        rt_set_clear(a);
        return 0;
    }
    return each_key(as_set(b), toggle, a);
}

struct rt_object *
rt_set_symmetric_difference(struct rt_object *a, struct rt_object *b)
{
    struct rt_object *result = rt_copy(b);
    if (result != NULL && rt_set_symmetric_difference_update(result, a) < 0) {
        rt_clear(&result);
    }
    return result;
}

/* --- questions ----------------------------------------------------------- */

static int
is_missing(struct rt_object *key, int64_t hash, void *set)
{
    int is_there = rt_set_contains_hashed(set, key, hash);
    return is_there < 0 ? -1 : 1 - is_there;
}

static int
is_there(struct rt_object *key, int64_t hash, void *set)
{
    return rt_set_contains_hashed(set, key, hash);
}

int
rt_set_is_subset(struct rt_object *a, struct rt_object *b)
{
    if (rt_set_size(a) > rt_set_size(b)) {
        return 0;
    }
    int result = each_key(as_set(a), is_missing, b);
    return result < 0 ? -1 : 1 - result;
}

int
rt_set_is_disjoint(struct rt_object *a, struct rt_object *b)
{
    if (a == b) {
        return rt_set_size(a) == 0;
    }
    bool b_is_larger = rt_set_size(b) > rt_set_size(a);
    struct rt_object *smaller = b_is_larger ? a : b;
    int result = each_key(as_set(smaller), is_there, b_is_larger ? b : a);
    return result < 0 ? -1 : 1 - result;
}
