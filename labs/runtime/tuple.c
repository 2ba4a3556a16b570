#include "labs/runtime/tuple.h"

#include <assert.h>
#include <stdint.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc_state.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/trash.h"

static struct rt_tuple *
as_tuple(struct rt_object *object)
{
    assert(rt_tuple_check(object));
    return (struct rt_tuple *)object;
}

static void
tuple_dealloc(struct rt_object *object)
{
    struct rt_tuple *tuple = as_tuple(object);
    rt_gc_untrack(object);
    if (rt_trash_begin(object)) {
        for (size_t i = tuple->size; i-- > 0;) {
            rt_xdecref(tuple->items[i]);
        }
        rt_gc_free(object);
        rt_trash_end();
    }
}

static int
tuple_traverse(struct rt_object *object,
               int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_tuple *tuple = as_tuple(object);
    for (size_t i = tuple->size; i-- > 0;) {
        int result =
            tuple->items[i] != NULL ? visit(tuple->items[i], data) : 0;
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

/* xxHash's steps over the hashes of the items (tuplehash). */
static int
tuple_hash(struct rt_object *object, int64_t *hash)
{
    static const uint64_t PRIMES[] = {UINT64_C(11400714785074694791),
                                      UINT64_C(14029467366897019727),
                                      UINT64_C(2870177450012600261)};
    static const int64_t OF_NONE = 0xFCA86420;
    const struct rt_tuple *tuple = as_tuple(object);
    uint64_t sum = PRIMES[2];
    for (size_t i = 0; i < tuple->size; i++) {
        int64_t lane = OF_NONE;
        if (tuple->items[i] != NULL && rt_hash(tuple->items[i], &lane) != 0) {
            return -1;
        }
        sum += (uint64_t)lane * PRIMES[1];
        sum = (sum << 31 | sum >> 33) * PRIMES[0];
    }
    sum += tuple->size ^ (PRIMES[2] ^ 3527539);
    *hash = sum == UINT64_MAX ? 1546275796 : (int64_t)sum;
    return 0;
}

/* Item by item. None of them can go meanwhile: the tuples hold them. */
static int
tuple_equal(struct rt_object *a, struct rt_object *b)
{
    const struct rt_tuple *one = as_tuple(a);
    const struct rt_tuple *other = as_tuple(b);
    int equal = one->size == other->size;
    for (size_t i = 0; equal == 1 && i < one->size; i++) {
        bool both = one->items[i] != NULL && other->items[i] != NULL;
        equal = both ? rt_equal(one->items[i], other->items[i])
                     : one->items[i] == other->items[i];
    }
    return equal;
}

/* A tuple can only be part of a cycle through something that changes. When
 * its items are copied, that may have come back to the tuple and copied it
 * already: then that copy is the one (_deepcopy_tuple). */
static struct rt_object *
tuple_deepcopy(struct rt_object *object, struct rt_copy_memo *memo)
{
    struct rt_tuple *tuple = as_tuple(object);
    struct rt_object *copy = NULL;
    struct rt_object **items =
        rt_alloc((tuple->size + 1) * sizeof(*items)); // ours
    size_t done = 0;
    bool differs = false;
    if (items == NULL) {
        return rt_error_no_memory();
    }
    while (done < tuple->size &&
           rt_copy_part(tuple->items[done], memo, &items[done]) == 0) {
        differs |= items[done] != tuple->items[done];
        done++;
    }
    if (done == tuple->size) {
        struct rt_object *before = rt_copy_memo_get(memo, object);
        copy = before != NULL ? rt_new_ref(before)
               : differs      ? rt_tuple_new(items, done)
                              : rt_new_ref(object);
        if (copy != NULL && before == NULL &&
            rt_copy_memo_add(memo, object, copy) != 0) {
            rt_clear(&copy);
        }
    }
    while (done > 0) {
        rt_xdecref(items[--done]);
    }
    rt_free(items);
    return copy;
}

const struct rt_type rt_tuple_type = {
    .name = "tuple",
    .basicsize = sizeof(struct rt_tuple),
    .dealloc = tuple_dealloc,
    .traverse = tuple_traverse,
    .hash = tuple_hash,
    .equal = tuple_equal,
    .deepcopy = tuple_deepcopy,
};

struct rt_object *
rt_tuple_new_of(const struct rt_type *type, struct rt_object *const *items,
                size_t count)
{
    if (count > SIZE_MAX / sizeof(*items) / 2) {
        return rt_error_no_memory();
    }
    struct rt_object *object = rt_gc_new(type, count * sizeof(*items));
    if (object != NULL) {
        struct rt_tuple *tuple = (struct rt_tuple *)object;
        tuple->size = count;
        for (size_t i = 0; i < count; i++) {
            rt_xincref(items[i]);
            tuple->items[i] = items[i];
        }
        rt_gc_track(object);
    }
    return object;
}

/* There is one empty tuple, and it never dies. It has the collector's head, as
 * all tuples do, but is never tracked. */
static struct {
    struct rt_gc_head gc_head;
    struct rt_object head;
    size_t size;
} empty = {.head = {RT_IMMORTAL_REFCNT, &rt_tuple_type}};

struct rt_object *
rt_tuple_new(struct rt_object *const *items, size_t count)
{
    if (count == 0) {
        return &empty.head;
    }
    return rt_tuple_new_of(&rt_tuple_type, items, count);
}

bool
rt_tuple_check(const struct rt_object *object)
{
    return object->ob_type->dealloc == tuple_dealloc;
}

size_t
rt_tuple_size(struct rt_object *tuple)
{
    return as_tuple(tuple)->size;
}

struct rt_object *
rt_tuple_at(struct rt_object *object, size_t index)
{
    const struct rt_tuple *tuple = as_tuple(object);
    assert(index < tuple->size);
    return tuple->items[index];
}
