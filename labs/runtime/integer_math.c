/* Signed arithmetic that does not fit is undefined in C, so each operation
 * asks first. The builtins compute with unlimited precision and tell whether
 * the result fits. */
#include <inttypes.h>

#include "labs/runtime/error.h"
#include "labs/runtime/integer.h"

enum outcome {
    FITS,
    TOO_LARGE,
    FAILED // with a pending error
};

typedef enum outcome operation(int64_t a, int64_t b, int64_t *result);

/* 0, or -1 with a pending type error. */
static int
check_operands(struct rt_object *a, const char *sign, struct rt_object *b)
{
    if (rt_int_check(a) && rt_int_check(b)) {
        return 0;
    }
    return rt_error_set(RT_ERROR_TYPE,
                        "unsupported operand type(s) for %s: '%s' and '%s'",
                        sign, a->ob_type->name, b->ob_type->name);
}

static struct rt_object *
compute(struct rt_object *a, const char *sign, operation *operate,
        struct rt_object *b)
{
    if (check_operands(a, sign, b) < 0) {
        return NULL;
    }
    int64_t result = 0;
    switch (operate(rt_int_value(a), rt_int_value(b), &result)) {
    case FITS:
        return rt_int_new(result);
    case TOO_LARGE:
        rt_error_set(RT_ERROR_OVERFLOW,
                     "%" PRId64 " %s %" PRId64 " needs more than 64 bits",
                     rt_int_value(a), sign, rt_int_value(b));
        return NULL;
    case FAILED:
    default:
        return NULL;
    }
}

/* --- sums and products --------------------------------------------------- */

static enum outcome
sum(int64_t a, int64_t b, int64_t *result)
{
    return __builtin_add_overflow(a, b, result) ? TOO_LARGE : FITS;
}

static enum outcome
difference(int64_t a, int64_t b, int64_t *result)
{
    return __builtin_sub_overflow(a, b, result) ? TOO_LARGE : FITS;
}

static enum outcome
product(int64_t a, int64_t b, int64_t *result)
{
    return __builtin_mul_overflow(a, b, result) ? TOO_LARGE : FITS;
}

struct rt_object *
rt_int_add(struct rt_object *a, struct rt_object *b)
{
    return compute(a, "+", sum, b);
}

struct rt_object *
rt_int_subtract(struct rt_object *a, struct rt_object *b)
{
    return compute(a, "-", difference, b);
}

struct rt_object *
rt_int_multiply(struct rt_object *a, struct rt_object *b)
{
    return compute(a, "*", product, b);
}

/* --- division ------------------------------------------------------------ */

/* The smallest number divided by -1 does not fit, and in C not even its
 * remainder, 0, may be asked for. C rounds towards 0: where that is not down,
 * the quotient is one less and the remainder one divisor more (l_divmod). */
static enum outcome
divide(int64_t a, int64_t b, int64_t *quotient, int64_t *remainder)
{
    if (b == -1) {
        *remainder = 0;
        return difference(0, a, quotient);
    }
    *quotient = a / b;
    *remainder = a % b;
    if (*remainder != 0 && (*remainder < 0) != (b < 0)) {
        *quotient -= 1;
        *remainder += b;
    }
    return FITS;
}

static enum outcome
no_division(const char *what)
{
    rt_error_set(RT_ERROR_ZERO_DIVISION, "integer %s by zero", what);
    return FAILED;
}

static enum outcome
quotient_of(int64_t a, int64_t b, int64_t *result)
{
    int64_t remainder;
    return b == 0 ? no_division("division or modulo")
                  : divide(a, b, result, &remainder);
}

static enum outcome
remainder_of(int64_t a, int64_t b, int64_t *result)
{
    int64_t quotient;
    if (b == 0) {
        return no_division("modulo");
    }
    divide(a, b, &quotient, result);
    return FITS;
}

struct rt_object *
rt_int_floor_divide(struct rt_object *a, struct rt_object *b)
{
    return compute(a, "//", quotient_of, b);
}

struct rt_object *
rt_int_modulo(struct rt_object *a, struct rt_object *b)
{
    return compute(a, "%", remainder_of, b);
}

int
rt_int_divmod(struct rt_object *a, struct rt_object *b,
              struct rt_object **quotient, struct rt_object **remainder)
{
    struct rt_object *whole = compute(a, "divmod()", quotient_of, b);
    if (whole == NULL) {
        return -1;
    }
    struct rt_object *rest = compute(a, "divmod()", remainder_of, b);
    if (rest == NULL) {
        rt_decref(whole);
        return -1;
    }
    *quotient = whole;
    *remainder = rest;
    return 0;
}

/* --- bits ---------------------------------------------------------------- */

static enum outcome
common_bits(int64_t a, int64_t b, int64_t *result)
{
    *result = a & b;
    return FITS;
}

static enum outcome
all_bits(int64_t a, int64_t b, int64_t *result)
{
    *result = a | b;
    return FITS;
}

static enum outcome
differing_bits(int64_t a, int64_t b, int64_t *result)
{
    *result = a ^ b;
    return FITS;
}

static enum outcome
no_shift(void)
{
    rt_error_set(RT_ERROR_VALUE, "negative shift count");
    return FAILED;
}

static enum outcome
shifted_left(int64_t a, int64_t count, int64_t *result)
{
    if (count < 0) {
        return no_shift();
    }
    if (a == 0) {
        *result = 0;
        return FITS;
    }
    if (count >= 63) {
        *result = INT64_MIN; // all that has a 1 there and nothing above
        return a == -1 && count == 63 ? FITS : TOO_LARGE;
    }
    return product(a, INT64_C(1) << count, result);
}

/* Rounds down, as a division by a power of two does. */
static enum outcome
shifted_right(int64_t a, int64_t count, int64_t *result)
{
    if (count < 0) {
        return no_shift();
    }
    *result = a >> (count < 63 ? count : 63);
    return FITS;
}

struct rt_object *
rt_int_and(struct rt_object *a, struct rt_object *b)
{
    return compute(a, "&", common_bits, b);
}

struct rt_object *
rt_int_or(struct rt_object *a, struct rt_object *b)
{
    return compute(a, "|", all_bits, b);
}

struct rt_object *
rt_int_xor(struct rt_object *a, struct rt_object *b)
{
    return compute(a, "^", differing_bits, b);
}

struct rt_object *
rt_int_shift_left(struct rt_object *a, struct rt_object *b)
{
    return compute(a, "<<", shifted_left, b);
}

struct rt_object *
rt_int_shift_right(struct rt_object *a, struct rt_object *b)
{
    return compute(a, ">>", shifted_right, b);
}

/* --- one operand --------------------------------------------------------- */

/* 0, or -1 with a pending type error. */
static int
check_operand(char sign, struct rt_object *a)
{
    return rt_int_check(a)
               ? 0
               : rt_error_set(RT_ERROR_TYPE,
                              "bad operand type for unary %c: '%s'", sign,
                              a->ob_type->name);
}

struct rt_object *
rt_int_negate(struct rt_object *a)
{
    if (check_operand('-', a) < 0) {
        return NULL;
    }
    int64_t result;
    if (difference(0, rt_int_value(a), &result) != FITS) {
        rt_error_set(RT_ERROR_OVERFLOW,
                     "-(%" PRId64 ") needs more than 64 bits",
                     rt_int_value(a));
        return NULL;
    }
    return rt_int_new(result);
}

struct rt_object *
rt_int_invert(struct rt_object *a)
{
    return check_operand('~', a) < 0 ? NULL : rt_int_new(~rt_int_value(a));
}
