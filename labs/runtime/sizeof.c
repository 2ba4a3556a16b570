#include "labs/runtime/sizeof.h"

#include <stdbool.h>
#include <stdint.h>

#include "labs/runtime/boolean.h"
#include "labs/runtime/bytearray.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/compat.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/numbering.h"
#include "labs/runtime/odict.h"
#include "labs/runtime/set.h"
#include "labs/runtime/string.h"
#include "labs/runtime/tuple.h"

enum {
    WORD = 8,
    GC_HEAD = 16, // PyGC_Head, which sys.getsizeof() adds
    BITS_OF_DIGIT = 30,
    TABLE_HEAD = 32, // PyDictKeysObject
    ITEM = 24,       // PyDictKeyEntry
    STR_ITEM = 16,   // PyDictUnicodeEntry
    ODICT_LINK = 32, // _ODictNode
    SET_SLOT = 16    // setentry
};

// --- values ----------------------------------------------------------------

static size_t
size_of_int(const struct rt_object *object)
{
    int64_t value = rt_int_value(object);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    size_t digits = 1;
    while ((rest >>= BITS_OF_DIGIT) > 0) {
        digits++;
    }
    return 24 + 4 * digits;
}

/* How many characters the text has, and how many bytes the widest of them
 * takes in CPython: 0 for ASCII, 1, 2 or 4 (PyUnicode_KIND). */
static size_t
count_characters(const struct rt_object *string, unsigned *kind)
{
    const char *text = rt_str_text(string);
    size_t count = 0;
    *kind = 0;
    for (size_t i = 0; i < rt_str_length(string); i++) {
        unsigned char byte = (unsigned char)text[i];
        // Two bytes begin with 0xC2 or 0xC3 up to U+00FF; four with 0xF0.
        unsigned needed = byte < 0xC2   ? 0
                          : byte < 0xC4 ? 1
                          : byte < 0xF0 ? 2
                                        : 4;
        *kind = needed > *kind ? needed : *kind;
        count += byte < 0x80 || byte >= 0xC0;
    }
    return count;
}

static size_t
size_of_str(const struct rt_object *string, int minor)
{
    unsigned kind;
    size_t count = count_characters(string, &kind);
    // 3.12 has no wstr any more, and for wide texts no wstr_length.
    size_t gone = minor < 12 ? 0 : kind == 0 ? WORD : 2 * WORD;
    if (kind == 0) {
        return 49 + count - gone;
    }
    // Those that exist already have their UTF-8 beside them from 3.12 on.
    size_t utf8 = minor >= 12 && kind == 1 && count == 1 ? 3 : 0;
    return 72 + kind * (count + 1) - gone + utf8;
}

// --- containers ------------------------------------------------------------

/* Of the table that a dict with so many slots has (_PyDict_KeysSize). */
static size_t
size_of_table(size_t slots, bool all_str)
{
    if (slots == 0) {
        return 0;
    }
    size_t width = slots < 1U << 8 ? 1 : slots < 1U << 16 ? 2 : 4;
    width = slots < UINT64_C(1) << 32 ? width : 8;
    return TABLE_HEAD + slots * width +
           2 * slots / 3 * (all_str ? STR_ITEM : ITEM);
}

static size_t
size_of_dict(struct rt_object *dict)
{
    bool all_str = true;
    size_t position = 0;
    struct rt_object *key;
    struct rt_object *value;
    while (all_str && rt_dict_next(dict, &position, &key, &value)) {
        all_str = rt_str_check(key);
    }
    return GC_HEAD + 6 * WORD + size_of_table(rt_dict_slots(dict), all_str);
}

static size_t
size_of_odict(struct rt_object *odict)
{
    bool all_str = true;
    struct rt_object *key = NULL;
    struct rt_object *value;
    while (all_str && rt_odict_next(odict, &key, &value) > 0) {
        all_str = rt_str_check(key);
    }
    size_t slots = rt_odict_slots(odict);
    return GC_HEAD + 14 * WORD + size_of_table(slots, all_str) + WORD * slots +
           ODICT_LINK * rt_odict_size(odict);
}

static size_t
size_of_set(const struct rt_object *set)
{
    size_t slots = rt_set_slots(set);
    return GC_HEAD + 200 + (slots > 8 ? slots * SET_SLOT : 0);
}

/* The references to an instance's dict and its weak references lie in front of
 * it from 3.12 on, together, even if there is only the one. */
static size_t
size_of_instance(const struct rt_object *instance, int minor)
{
    size_t words = 2 + rt_instance_class(instance)->field_count;
    words += minor < 12 ? 1 : 2;
    return GC_HEAD + WORD * words;
}

static size_t
size_of_container(struct rt_object *object, int minor)
{
    if (rt_list_check(object)) {
        return GC_HEAD +
               WORD * (5 + ((const struct rt_list *)object)->allocated);
    }
    if (rt_tuple_check(object)) {
        return GC_HEAD + WORD * (3 + rt_tuple_size(object));
    }
    if (rt_dict_check(object)) {
        return size_of_dict(object);
    }
    if (rt_odict_check(object)) {
        return size_of_odict(object);
    }
    if (rt_set_check(object)) {
        return size_of_set(object);
    }
    if (rt_instance_check(object)) {
        return size_of_instance(object, minor);
    }
    return GC_HEAD + object->ob_type->basicsize;
}

size_t
rt_sizeof_in(struct rt_object *object, int minor)
{
    if (object == NULL) {
        return 2 * WORD;
    }
    if (rt_type_is_gc(object->ob_type)) {
        return size_of_container(object, minor);
    }
    if (rt_int_check(object)) {
        return size_of_int(object);
    }
    if (rt_bool_check(object)) {
        return 28; // an int of one digit
    }
    if (rt_str_check(object)) {
        return size_of_str(object, minor);
    }
    if (rt_bytes_check(object)) {
        return 33 + rt_bytes_size(object);
    }
    if (rt_bytearray_check(object)) {
        return 56 + ((const struct rt_bytearray *)object)->allocated;
    }
    return object->ob_type->basicsize;
}

size_t
rt_sizeof(struct rt_object *object)
{
    return rt_sizeof_in(object, rt_compat_minor());
}

// --- all that is held ------------------------------------------------------

static int
number_it(struct rt_object *held, void *data)
{
    struct rt_numbering *met = data;
    return rt_numbering_find(met, held) > 0 ? 0 : rt_numbering_add(met, held);
}

int
rt_sizeof_deep(struct rt_object *object, size_t *bytes)
{
    struct rt_numbering met = {0};
    size_t sum = object == NULL ? rt_sizeof(NULL) : 0;
    int result = object == NULL ? 0 : number_it(object, &met);
    for (size_t i = 0; result == 0 && i < met.count; i++) {
        struct rt_object *at = met.objects[i];
        sum += rt_sizeof(at);
        if (at->ob_type->traverse != NULL) {
            result = at->ob_type->traverse(at, number_it, &met);
        }
    }
    rt_numbering_release(&met);
    if (result == 0) {
        *bytes = sum;
    }
    return result;
}
