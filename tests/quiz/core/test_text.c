#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/text.h"

#include <cmocka.h>

static void
an_empty_text_reads_as_the_empty_string(void **state)
{
    (void)state;
    struct text text = {0};
    assert_string_equal(text_string(&text), "");
    char *stolen = text_steal(&text);
    assert_string_equal(stolen, "");
    free(stolen);
}

static void
pieces_are_joined_in_order(void **state)
{
    (void)state;
    struct text text = {0};
    text_add(&text, "a");
    text_add_char(&text, 'b');
    text_add_bytes(&text, "cd!", 2);
    text_add_format(&text, "%d-%s", 5, "e");
    assert_string_equal(text_string(&text), "abcd5-e");
    assert_int_equal((int)text.length, 7);
    text_release(&text);
    assert_null(text.bytes);
}

static void
a_long_text_keeps_every_byte(void **state)
{
    (void)state;
    struct text text = {0};
    for (int i = 0; i < 10000; i++) {
        text_add_format(&text, "%04d", i);
    }
    assert_int_equal((int)text.length, 40000);
    assert_memory_equal(text.bytes + (size_t)4 * 7777, "7777", 4);
    assert_int_equal((int)strlen(text.bytes), 40000);
    text_release(&text);
}

static void
truncating_keeps_the_beginning(void **state)
{
    (void)state;
    struct text text = {0};
    text_truncate(&text, 0);
    text_add(&text, "abcdef");
    text_truncate(&text, 3);
    text_add(&text, "x");
    assert_string_equal(text_string(&text), "abcx");
    text_release(&text);
}

static void
nul_bytes_are_kept_and_counted(void **state)
{
    (void)state;
    struct text text = {0};
    text_add_bytes(&text, "a\0b", 3);
    assert_int_equal((int)text.length, 3);
    assert_memory_equal(text.bytes, "a\0b", 4);
    text_release(&text);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(an_empty_text_reads_as_the_empty_string),
        cmocka_unit_test(pieces_are_joined_in_order),
        cmocka_unit_test(a_long_text_keeps_every_byte),
        cmocka_unit_test(truncating_keeps_the_beginning),
        cmocka_unit_test(nul_bytes_are_kept_and_counted),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
