#include "labs/runtime/integer.h"

#include <assert.h>
#include <inttypes.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/intern.h"

/* A prime, 2^61 - 1. With it a hash is the same for equal numbers of any kind,
 * fractions included (_PyHASH_MODULUS). */
#define HASH_MODULUS ((INT64_C(1) << 61) - 1)

static void
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

struct rt_object *
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

/* The builtins below compute with unlimited precision and tell whether
 * the result fits; signed arithmetic that does not fit is undefined in C. */
typedef bool operation(int64_t a, int64_t b, int64_t *result);

static bool
fits_sum(int64_t a, int64_t b, int64_t *result)
{
    return !__builtin_add_overflow(a, b, result);
}

static bool
fits_difference(int64_t a, int64_t b, int64_t *result)
{
    return !__builtin_sub_overflow(a, b, result);
}

static bool
fits_product(int64_t a, int64_t b, int64_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

static struct rt_object *
compute(struct rt_object *a, char sign, operation *fits, struct rt_object *b)
{
    if (!rt_int_check(a) || !rt_int_check(b)) {
        rt_error_set(RT_ERROR_TYPE,
                     "unsupported operand types for %c: '%s' and '%s'", sign,
                     a->ob_type->name, b->ob_type->name);
        return NULL;
    }
    int64_t result;
    if (!fits(rt_int_value(a), rt_int_value(b), &result)) {
        rt_error_set(RT_ERROR_OVERFLOW,
                     "%" PRId64 " %c %" PRId64 " needs more than 64 bits",
                     rt_int_value(a), sign, rt_int_value(b));
        return NULL;
    }
    return rt_int_new(result);
}

struct rt_object *
rt_int_add(struct rt_object *a, struct rt_object *b)
{
    return compute(a, '+', fits_sum, b);
}

struct rt_object *
rt_int_subtract(struct rt_object *a, struct rt_object *b)
{
    return compute(a, '-', fits_difference, b);
}

struct rt_object *
rt_int_multiply(struct rt_object *a, struct rt_object *b)
{
    return compute(a, '*', fits_product, b);
}
