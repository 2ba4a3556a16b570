#include "labs/runtime/integer.h"

#include <assert.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/intern.h"

/* A prime, 2^61 - 1. With it a hash is the same for equal numbers of any kind,
 * fractions included (_PyHASH_MODULUS). */
#define HASH_MODULUS ((INT64_C(1) << 61) - 1)

/* Ints come and go more than anything else: what these two call is put into
 * them (flatten) when the programs are linked. */
static __attribute__((flatten)) void
int_dealloc(struct rt_object *object)
{
    rt_free(object);
}

/* long_hash: small numbers are their own hash, so those that follow each
 * other never collide in a table. */
static int
int_hash(struct rt_object *object, int64_t *hash)
{
    int64_t rest = rt_int_value(object) % HASH_MODULUS;
    *hash = rest == -1 ? -2 : rest;
    return 0;
}

static int
int_equal(struct rt_object *a, struct rt_object *b)
{
    return rt_int_value(a) == rt_int_value(b);
}

static const struct rt_type int_type = {
    .name = "int",
    .basicsize = sizeof(struct rt_int),
    .dealloc = int_dealloc,
    .hash = int_hash,
    .equal = int_equal,
};

void
rt_int_init(struct rt_int *number, int64_t value)
{
    rt_object_init(&number->base, &int_type);
    number->value = value;
}

__attribute__((flatten)) struct rt_object *
rt_int_new(int64_t value)
{
    struct rt_object *small = rt_intern_small_int(value);
    if (small != NULL) {
        return rt_new_ref(small);
    }
    struct rt_int *number = rt_alloc(sizeof(*number));
    if (number == NULL) {
        return rt_error_no_memory();
    }
    rt_int_init(number, value);
    return &number->base;
}

int64_t
rt_int_value(const struct rt_object *number)
{
    assert(rt_int_check(number));
    return ((const struct rt_int *)number)->value;
}

bool
rt_int_check(const struct rt_object *object)
{
    return object->ob_type == &int_type;
}
