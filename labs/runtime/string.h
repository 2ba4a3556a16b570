/* Str: text that never changes, as UTF-8.
 *
 * After CPython 3.12: Objects/unicodeobject.c, which keeps 1, 2 or 4 bytes
 * for each character instead. What both share: the text lies behind the head
 * in the same block, and the hash is computed once. Strings cannot hold
 * references, so the collector does not know them, and a copy of one is the
 * string itself. See intern.h for strings that exist only once. */
#ifndef LABS_RUNTIME_STRING_H
#define LABS_RUNTIME_STRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "labs/runtime/object.h"

extern const struct rt_type rt_str_type;

struct rt_str {
    struct rt_object base;
    size_t length;    // of the text in bytes, without the 0 behind it
    int64_t hash;     // -1: nobody has asked yet
    bool is_interned; // belongs to intern.c
    char text[];
};

/* A new string with this text. NULL with a pending error: no memory, or a
 * value error for bytes that are not UTF-8. */
struct rt_object *rt_str_new(const char *text);

/* The same from length bytes, zero bytes among them or not. */
struct rt_object *rt_str_from(const char *bytes, size_t length);

/* A new reference to the interned string with this one's text. NULL with a
 * pending type error for what is no string, or one of another type that was
 * made from a copy of rt_str_type: comparing those may mean something else
 * (sys.intern). */
struct rt_object *rt_str_interned(struct rt_object *object);

/* The text with a zero byte behind it, borrowed until the string dies; and
 * its length in bytes. Only for strings. */
const char *rt_str_text(const struct rt_object *string);
size_t rt_str_length(const struct rt_object *string);

bool rt_str_check(const struct rt_object *object); // whether it is a string

/* The hash of a string, which is computed once; runs no code. Only for
 * strings. */
int64_t rt_str_hash(struct rt_object *object);

/* Whether two strings have the same text; runs no code (unicode_eq). */
bool rt_str_equal(const struct rt_object *a, const struct rt_object *b);

#endif
