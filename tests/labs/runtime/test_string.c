#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/string.h"
#include "labs/testing.h"

static int
nothing_is_left(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_error_clear();
    return rt_alloc_live_blocks() == 0 && rt_alloc_live_bytes() == 0 ? 0 : -1;
}

static void
a_string_keeps_a_copy_of_its_text(void **state)
{
    (void)state;
    char text[] = "h\xC3\xA9llo";
    struct rt_object *string = rt_str_new(text);
    text[0] = 'j';
    assert_text(rt_str_text(string), "h\xC3\xA9llo");
    assert_number(rt_str_length(string), 6);
    assert_number(string->ob_refcnt, 1);
    assert_true(rt_str_check(string));
    rt_decref(string);
}

static void
zero_bytes_belong_to_the_text(void **state)
{
    (void)state;
    struct rt_object *string = rt_str_from("a\0b", 3);
    struct rt_object *shorter = rt_str_new("a");
    assert_number(rt_str_length(string), 3);
    assert_memory_equal(rt_str_text(string), "a\0b", 4);
    assert_number(rt_equal(string, shorter), 0);
    rt_decref(string);
    rt_decref(shorter);
}

static void
every_character_of_unicode_is_accepted(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "",
        "\x7F",
        "\xC2\x80",
        "\xDF\xBF",
        "\xE0\xA0\x80",
        "\xED\x9F\xBF",
        "\xEE\x80\x80",
        "\xEF\xBF\xBF",
        "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF",
        "\xD0\xB4\xE2\x82\xAC\xF0\x9F\x90\x8D.",
    };
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        struct rt_object *string = rt_str_new(TEXTS[i]);
        assert_non_null(string);
        assert_text(rt_str_text(string), TEXTS[i]);
        rt_decref(string);
    }
}

/* The same places and reasons as bytes.decode() gives. */
static void
broken_utf8_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *error;
    } CASES[] = {
        {"\x80", "byte 0x80 in position 0: invalid start byte"},
        {"ab\xFF", "byte 0xff in position 2: invalid start byte"},
        {"\xC1\xBF", "byte 0xc1 in position 0: invalid start byte"},
        {"\xF5\x80\x80\x80", "byte 0xf5 in position 0: invalid start byte"},
        {"\xC3", "byte 0xc3 in position 0: unexpected end of data"},
        {"\xC3(", "byte 0xc3 in position 0: invalid continuation byte"},
        {"\xC3\xC3", "byte 0xc3 in position 0: invalid continuation byte"},
        {"\xED\xA0\x80", "byte 0xed in position 0: invalid continuation"},
        {"\xE0\x9F\xBF", "byte 0xe0 in position 0: invalid continuation"},
        {"\xF0\x8F\xBF\xBF", "byte 0xf0 in position 0: invalid continua"},
        {"\xF4\x90\x80\x80", "byte 0xf4 in position 0: invalid continua"},
        {"a\xF0\x9F\x98", "byte 0xf0 in position 1: unexpected end of data"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        assert_null(rt_str_new(CASES[i].text));
        assert_number(rt_error_occurred(), RT_ERROR_VALUE);
        assert_contains(rt_error_text(), CASES[i].error);
        rt_error_clear();
    }
}

static void
equal_texts_are_equal_strings(void **state)
{
    (void)state;
    struct rt_object *a = rt_str_new("spam");
    struct rt_object *b = rt_str_new("spam");
    struct rt_object *c = rt_str_new("spaM");
    assert_true(a != b);
    assert_number(rt_equal(a, b), 1);
    assert_number(rt_equal(a, c), 0);
    rt_decref(a);
    rt_decref(b);
    rt_decref(c);
}

static void
the_hash_is_that_of_the_text(void **state)
{
    (void)state;
    struct rt_object *string = rt_str_new("abc");
    int64_t hash;
    assert_number(rt_hash(string, &hash), 0);
    assert_number(hash, rt_hash_bytes("abc", 3));
    rt_decref(string);
}

static void
the_hash_is_computed_once(void **state)
{
    (void)state;
    struct rt_object *string = rt_str_new("abc");
    int64_t before;
    int64_t after;
    assert_number(((struct rt_str *)string)->hash, -1);
    rt_hash(string, &before);
    rt_hash_set_key(1, 2);
    rt_hash(string, &after);
    rt_hash_set_key(0, 0);
    assert_number(after, before);
    rt_decref(string);
}

static void
out_of_memory_is_a_pending_error(void **state)
{
    (void)state;
    rt_alloc_fail_nth(1);
    assert_null(rt_str_new("abc"));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
}

#define CASE(name) cmocka_unit_test_teardown(name, nothing_is_left)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_string_keeps_a_copy_of_its_text),
        CASE(zero_bytes_belong_to_the_text),
        CASE(every_character_of_unicode_is_accepted),
        CASE(broken_utf8_is_refused_with_its_place),
        CASE(equal_texts_are_equal_strings),
        CASE(the_hash_is_that_of_the_text),
        CASE(the_hash_is_computed_once),
        CASE(out_of_memory_is_a_pending_error),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
