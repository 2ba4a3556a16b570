/* A dict finds the one constant by a key that knows what "equal" means here:
 * a small object that wraps the constant. CPython wraps it in tuples: (type,
 * value), or (type, value, sign) for a zero. */
#include "labs/runtime/constants.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/compat.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/float.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/intern.h"
#include "labs/runtime/object.h"
#include "labs/runtime/string.h"
#include "labs/runtime/tuple.h"

struct rt_constants {
    struct rt_object *merged; // ours: a dict of keys to their constants
};

/* --- what is equal ------------------------------------------------------- */

struct key {
    struct rt_object base;
    struct rt_object *constant; // ours
};

static int constants_equal(struct rt_object *a, struct rt_object *b);

static int
tuples_equal(struct rt_object *a, struct rt_object *b)
{
    size_t size = rt_tuple_size(a);
    int result = size == rt_tuple_size(b);
    for (size_t i = 0; result == 1 && i < size; i++) {
        struct rt_object *left = rt_tuple_at(a, i);
        struct rt_object *right = rt_tuple_at(b, i);
        result = left == NULL || right == NULL ? left == right
                                               : constants_equal(left, right);
    }
    return result;
}

/* 1 or 0, or -1 with a pending error. Equal floats differ only if they are
 * zeros with different signs. */
static int
constants_equal(struct rt_object *a, struct rt_object *b)
{
    if (a == b || a->ob_type != b->ob_type) {
        return a == b;
    }
    if (rt_tuple_check(a)) {
        return tuples_equal(a, b);
    }
    if (rt_float_check(a) &&
        signbit(rt_float_value(a)) != signbit(rt_float_value(b))) {
        return 0;
    }
    return rt_equal(a, b);
}

static int
key_equal(struct rt_object *a, struct rt_object *b)
{
    return constants_equal(((struct key *)a)->constant,
                           ((struct key *)b)->constant);
}

static int
key_hash(struct rt_object *object, int64_t *hash)
{
    return rt_hash(((struct key *)object)->constant, hash);
}

static void
key_dealloc(struct rt_object *object)
{
    rt_decref(((struct key *)object)->constant);
    rt_free(object);
}

static const struct rt_type key_type = {
    .name = "constant key",
    .basicsize = sizeof(struct key),
    .dealloc = key_dealloc,
    .hash = key_hash,
    .equal = key_equal,
};

/* --- interning ----------------------------------------------------------- */

/* Letters, digits and underscores of ASCII, also none of them
 * (all_name_chars). */
static bool
looks_like_a_name(const char *text, size_t length)
{
    static const char NAME_CHARACTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "abcdefghijklmnopqrstuvwxyz"
                                          "0123456789_";
    return strspn(text, NAME_CHARACTERS) == length;
}

/* Up to U+00FF, which in UTF-8 takes one byte, or two of which the first is
 * C2 or C3 (LATIN1). */
static bool
is_one_latin1_character(const char *text, size_t length)
{
    unsigned char first = (unsigned char)text[0];
    return (length == 1 && first < 0x80) ||
           (length == 2 && (first == 0xC2 || first == 0xC3));
}

static bool
must_intern(const struct rt_object *string)
{
    const char *text = rt_str_text(string);
    size_t length = rt_str_length(string);
    return rt_compat_minor() >= 15 || looks_like_a_name(text, length) ||
           is_one_latin1_character(text, length);
}

/* The string to take for this one: a new reference. */
static struct rt_object *
intern_string(struct rt_object *string)
{
    struct rt_object *result = rt_new_ref(string);
    if (must_intern(string)) {
        rt_str_intern(&result);
    }
    return result;
}

/* --- merging ------------------------------------------------------------- */

static struct rt_object *merge_tuple(struct rt_constants *constants,
                                     struct rt_object *tuple);

/* The constant with everything in it merged and interned: a new reference, or
 * NULL with a pending error. */
static struct rt_object *
prepare(struct rt_constants *constants, struct rt_object *constant)
{
    if (rt_str_check(constant)) {
        return intern_string(constant);
    }
    return rt_tuple_check(constant) ? merge_tuple(constants, constant)
                                    : rt_new_ref(constant);
}

/* A tuple whose items are the unit's: itself if they are already. CPython
 * changes the tuple, which only the compiler knows. */
static struct rt_object *
merge_tuple(struct rt_constants *constants, struct rt_object *tuple)
{
    size_t size = rt_tuple_size(tuple);
    struct rt_object **items = // borrowed
        rt_alloc((size + 1) * sizeof(*items));
    if (items == NULL) {
        return rt_error_no_memory();
    }
    bool differs = false;
    size_t done = 0;
    for (; done < size; done++) {
        struct rt_object *item = rt_tuple_at(tuple, done);
        items[done] =
            item == NULL ? NULL : rt_constants_merge(constants, item);
        if (item != NULL && items[done] == NULL) {
            break;
        }
        differs |= items[done] != item;
    }
    struct rt_object *result = NULL;
    if (done == size) {
        result = differs ? rt_tuple_new(items, size) : rt_new_ref(tuple);
    }
    rt_free(items);
    return result;
}

static struct rt_object *
new_key(struct rt_object *constant)
{
    struct rt_object *key = rt_object_new(&key_type);
    if (key != NULL) {
        ((struct key *)key)->constant = rt_new_ref(constant);
    }
    return key;
}

struct rt_object *
rt_constants_merge(struct rt_constants *constants, struct rt_object *constant)
{
    struct rt_object *prepared = prepare(constants, constant);
    if (prepared == NULL) {
        return NULL;
    }
    struct rt_object *result = NULL;
    struct rt_object *key = new_key(prepared);
    if (key != NULL) {
        result = rt_dict_setdefault(constants->merged, key, prepared);
        rt_decref(key);
    }
    rt_decref(prepared);
    return result;
}

/* --- the table ----------------------------------------------------------- */

struct rt_constants *
rt_constants_new(void)
{
    struct rt_constants *constants = rt_alloc(sizeof(*constants));
    if (constants == NULL) {
        return rt_error_no_memory();
    }
    constants->merged = rt_dict_new();
    if (constants->merged == NULL) {
        rt_free(constants);
        return NULL;
    }
    return constants;
}

void
rt_constants_free(struct rt_constants *constants)
{
    if (constants != NULL) {
        rt_decref(constants->merged);
        rt_free(constants);
    }
}

size_t
rt_constants_size(const struct rt_constants *constants)
{
    return rt_dict_size(constants->merged);
}
