#include "labs/runtime/string.h"

#include <assert.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/intern.h"

/* --- utf-8 --------------------------------------------------------------- */

/* How many bytes follow this first byte of a character; -1 if none begins
 * with it. 0xC0, 0xC1 and those above 0xF4 could only spell characters that
 * have a shorter form or do not exist. */
static int
followers(unsigned char first)
{
    if (first < 0x80) {
        return 0;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return 1;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        return 2;
    }
    return first >= 0xF0 && first <= 0xF4 ? 3 : -1;
}

/* Whether byte may follow previous. After four of the first bytes the range
 * is narrower: it leaves out longer forms, the surrogates (U+D800 to U+DFFF)
 * and what lies behind U+10FFFF. */
static bool
may_follow(unsigned char previous, unsigned char byte)
{
    switch (previous) {
    case 0xE0:
        return byte >= 0xA0 && byte <= 0xBF;
    case 0xED:
        return byte >= 0x80 && byte <= 0x9F;
    case 0xF0:
        return byte >= 0x90 && byte <= 0xBF;
    case 0xF4:
        return byte >= 0x80 && byte <= 0x8F;
    default:
        return byte >= 0x80 && byte <= 0xBF;
    }
}

/* The message of UnicodeDecodeError. */
static int
broken(unsigned char byte, size_t position, const char *why)
{
    return rt_error_set(
        RT_ERROR_VALUE,
        "'utf-8' codec can't decode byte 0x%02x in position %zu: %s", byte,
        position, why);
}

/* 0, or -1 with a pending error that tells the first broken place
 * (Objects/stringlib/codecs.h, utf8_decode). */
static int
check_utf8(const unsigned char *bytes, size_t length)
{
    size_t i = 0;
    while (i < length) {
        size_t start = i;
        int expected = followers(bytes[i]);
        if (expected < 0) {
            return broken(bytes[start], start, "invalid start byte");
        }
        for (i++; expected > 0; expected--, i++) {
            if (i == length) {
                return broken(bytes[start], start, "unexpected end of data");
            }
            if (!may_follow(bytes[i - 1], bytes[i])) {
                return broken(bytes[start], start,
                              "invalid continuation byte");
            }
        }
    }
    return 0;
}

/* --- the type ------------------------------------------------------------ */

static void
str_dealloc(struct rt_object *object)
{
    struct rt_str *string = (struct rt_str *)object;
    if (string->is_interned) {
        rt_intern_forget(string);
    }
    rt_free(string);
}

/* unicode_hash: a text never changes, so neither does its hash. */
int64_t
rt_str_hash(struct rt_object *object)
{
    struct rt_str *string = (struct rt_str *)object;
    if (string->hash == -1) {
        string->hash = rt_hash_bytes(string->text, string->length);
    }
    return string->hash;
}

static int
str_hash(struct rt_object *object, int64_t *hash)
{
    *hash = rt_str_hash(object);
    return 0;
}

static uint64_t
word_at(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof(word));
    return word;
}

/* Texts of up to two words are compared as the first eight bytes and the last
 * eight, which may be partly the same: that takes less than a call. */
bool
rt_str_equal(const struct rt_object *a, const struct rt_object *b)
{
    const struct rt_str *left = (const struct rt_str *)a;
    const struct rt_str *right = (const struct rt_str *)b;
    size_t length = left->length;
    if (length != right->length) {
        return false;
    }
    if (length < 8 || length > 16) {
        return memcmp(left->text, right->text, length) == 0;
    }
    return word_at(left->text) == word_at(right->text) &&
           word_at(left->text + length - 8) ==
               word_at(right->text + length - 8);
}

static int
str_equal(struct rt_object *a, struct rt_object *b)
{
    return rt_str_equal(a, b);
}

const struct rt_type rt_str_type = {
    .name = "str",
    .basicsize = sizeof(struct rt_str),
    .dealloc = str_dealloc,
    .hash = str_hash,
    .equal = str_equal,
};

/* --- for everybody ------------------------------------------------------- */

struct rt_object *
rt_str_new(const char *text)
{
    return rt_str_from(text, strlen(text));
}

struct rt_object *
rt_str_from(const char *bytes, size_t length)
{
    if (check_utf8((const unsigned char *)bytes, length) < 0) {
        return NULL;
    }
    struct rt_str *string = rt_alloc(sizeof(*string) + length + 1);
    if (string == NULL) {
        return rt_error_no_memory();
    }
    rt_object_init(&string->base, &rt_str_type);
    string->length = length;
    string->hash = -1;
    string->is_interned = false;
    memcpy(string->text, bytes, length);
    string->text[length] = '\0';
    return &string->base;
}

struct rt_object *
rt_str_interned(struct rt_object *object)
{
    const char *type_name = object->ob_type->name;
    if (object->ob_type->dealloc != str_dealloc) {
        rt_error_set(RT_ERROR_TYPE, "intern() argument must be str, not %s",
                     type_name);
        return NULL;
    }
    if (!rt_str_check(object)) {
        rt_error_set(RT_ERROR_TYPE, "can't intern %s", type_name);
        return NULL;
    }
    struct rt_object *string = rt_new_ref(object);
    rt_str_intern(&string);
    return string;
}

const char *
rt_str_text(const struct rt_object *string)
{
    assert(rt_str_check(string));
    return ((const struct rt_str *)string)->text;
}

size_t
rt_str_length(const struct rt_object *string)
{
    assert(rt_str_check(string));
    return ((const struct rt_str *)string)->length;
}

bool
rt_str_check(const struct rt_object *object)
{
    return object->ob_type == &rt_str_type;
}
