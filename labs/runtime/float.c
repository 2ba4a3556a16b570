#include "labs/runtime/float.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/freelist.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/object.h"

struct rt_float {
    struct rt_object base;
    double value;
};

/* Guarded by the GIL. */
static struct rt_freelist free_floats = {
    .block_bytes = sizeof(struct rt_float), .limit = RT_FLOAT_FREE};

static void
float_dealloc(struct rt_object *object)
{
    rt_freelist_give(&free_floats, object);
}

/* --- hash ---------------------------------------------------------------- */

enum {
    HASH_BITS = 61,   // the modulus is 2^61 - 1 (_PyHASH_BITS)
    STEP_BITS = 28,   // of the fraction, taken at a time
    HASH_INF = 314159 // _PyHASH_INF
};

/* number * 2^bits modulo 2^61 - 1: a bit that leaves at the top comes in again
 * at the bottom. */
static uint64_t
rotate(uint64_t number, unsigned bits)
{
    uint64_t modulus = (UINT64_C(1) << HASH_BITS) - 1;
    return (number << bits & modulus) | number >> (HASH_BITS - bits);
}

/* The fraction 0.5 <= part < 1 modulo 2^61 - 1. */
static uint64_t
hash_fraction(double part, int *exponent)
{
    uint64_t modulus = (UINT64_C(1) << HASH_BITS) - 1;
    uint64_t sum = 0;
    while (part != 0) {
        sum = rotate(sum, STEP_BITS);
        part *= 1 << STEP_BITS;
        *exponent -= STEP_BITS;
        uint64_t digit = (uint64_t)part;
        part -= (double)digit;
        sum += digit;
        if (sum >= modulus) {
            sum -= modulus;
        }
    }
    return sum;
}

/* _Py_HashDouble: a NaN by its identity, all others as the rational number
 * that they are, modulo the prime that ints take. */
static int
float_hash(struct rt_object *object, int64_t *hash)
{
    double value = rt_float_value(object);
    if (isnan(value)) {
        *hash = rt_hash_pointer(object);
        return 0;
    }
    if (isinf(value)) {
        *hash = value > 0 ? HASH_INF : -HASH_INF;
        return 0;
    }
    int exponent;
    double part = frexp(fabs(value), &exponent);
    uint64_t sum = hash_fraction(part, &exponent);
    int bits = exponent % HASH_BITS;
    sum = rotate(sum, (unsigned)(bits < 0 ? bits + HASH_BITS : bits));
    *hash = value < 0 ? -(int64_t)sum : (int64_t)sum;
    *hash = *hash == -1 ? -2 : *hash;
    return 0;
}

/* --- the type ------------------------------------------------------------ */

static int
float_equal(struct rt_object *a, struct rt_object *b)
{
    return rt_float_value(a) == rt_float_value(b);
}

static const struct rt_type float_type = {
    .name = "float",
    .basicsize = sizeof(struct rt_float),
    .dealloc = float_dealloc,
    .hash = float_hash,
    .equal = float_equal,
};

struct rt_object *
rt_float_new(double value)
{
    struct rt_float *number = rt_freelist_take(&free_floats);
    if (number == NULL) {
        return NULL;
    }
    rt_object_init(&number->base, &float_type);
    number->value = value;
    return &number->base;
}

bool
rt_float_check(const struct rt_object *object)
{
    return object->ob_type == &float_type;
}

double
rt_float_value(const struct rt_object *number)
{
    assert(rt_float_check(number));
    return ((const struct rt_float *)number)->value;
}

void
rt_float_clear_free_list(void)
{
    rt_freelist_clear(&free_floats);
}

/* --- as text ------------------------------------------------------------- */

enum {
    MAX_DIGITS = 17, // with so many, every float can be told apart
    MIN_POINT = -4,  // below it, and from MAX_POINT on, with exponent
    MAX_POINT = 16,  // (format_float_short with the code 'r')
    DIGIT_BYTES = MAX_DIGITS + 16 // with sign, point and exponent
};

/* The shortest digits that are this number again when they are read, without a
 * point; returns the exponent of the first of them. */
static int
shortest(double value, char digits[DIGIT_BYTES])
{
    char text[DIGIT_BYTES];
    int precision = 0;
    do {
        snprintf(text, sizeof(text), "%.*e", precision, value);
        precision++;
    } while (precision < MAX_DIGITS && strtod(text, NULL) != value);
    char *exponent = strchr(text, 'e');
    assert(exponent != NULL);
    size_t count = 0;
    for (const char *at = text; at < exponent; at++) {
        if (*at != '.') {
            digits[count++] = *at;
        }
    }
    digits[count] = '\0';
    return (int)strtol(exponent + 1, NULL, 10);
}

/* 12345 with the first digit's exponent: 1.2345e+20, 123.45, 0.0012345. */
static void
place_point(const char *digits, int exponent, char *text, size_t size)
{
    int count = (int)strlen(digits);
    if (exponent < MIN_POINT || exponent >= MAX_POINT) {
        snprintf(text, size, "%c%s%se%+03d", digits[0], count > 1 ? "." : "",
                 digits + 1, exponent);
    }
    else if (exponent < 0) {
        snprintf(text, size, "0.%.*s%s", -exponent - 1, "000", digits);
    }
    else if (exponent < count - 1) {
        snprintf(text, size, "%.*s.%s", exponent + 1, digits,
                 digits + exponent + 1);
    }
    else {
        snprintf(text, size, "%s%.*s.0", digits, exponent + 1 - count,
                 "000000000000000");
    }
}

void
rt_float_repr(const struct rt_object *number, char text[RT_FLOAT_REPR_BYTES])
{
    double value = rt_float_value(number);
    if (isnan(value) || isinf(value)) {
        snprintf(text, RT_FLOAT_REPR_BYTES, "%s",
                 isnan(value) ? "nan"
                 : value > 0  ? "inf"
                              : "-inf");
        return;
    }
    char digits[DIGIT_BYTES];
    int exponent = shortest(fabs(value), digits);
    size_t sign = signbit(value) != 0;
    text[0] = '-';
    place_point(digits, exponent, text + sign, RT_FLOAT_REPR_BYTES - sign);
}
