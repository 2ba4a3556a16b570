#include <stdio.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/error.h"
#include "quiz/io/json.h"
#include "tests/support/dice.h"

static void
a_document_begins_with_its_schema(void **state)
{
    (void)state;
    json_t *document = json_document("ouro.stats/1");
    json_object_set_new(document, "answers", json_integer(3));
    json_object_set_new(document, "a", json_text("ёж"));
    char *written = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&written, &size);
    struct error err;
    assert_int_equal(json_write(out, document, &err), 0);
    fclose(out);
    assert_text(written, "{\n  \"schema\": \"ouro.stats/1\",\n"
                         "  \"answers\": 3,\n  \"a\": \"ёж\"\n}\n");
    free(written);
}

static void
what_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    FILE *out = fopen("/dev/full", "w");
    if (out == NULL) {
        skip();
    }
    struct error err = {0};
    assert_int_equal(json_write(out, json_document("ouro.stats/1"), &err), -1);
    assert_contains(err.message, "cannot write");
    fclose(out);
}

/* More than a buffer: the first write of many fails. */
static void
a_long_document_that_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    FILE *out = fopen("/dev/full", "w");
    if (out == NULL) {
        skip();
    }
    json_t *document = json_document("ouro.stats/1");
    json_t *items = json_array();
    for (int i = 0; i < 20000; i++) {
        json_array_append_new(items, json_integer(i));
    }
    json_object_set_new(document, "items", items);
    struct error err = {0};
    assert_int_equal(json_write(out, document, &err), -1);
    assert_contains(err.message, "No space left");
    fclose(out);
}

static void
expect_text(const char *string, const char *expected)
{
    json_t *value = json_text(string);
    assert_text(json_string_value(value), expected);
    json_decref(value);
}

static void
broken_bytes_become_the_replacement_character(void **state)
{
    (void)state;
    expect_text("", "");
    expect_text("plain ёж 漢", "plain ёж 漢");
    expect_text("a\xFF"
                "b",
                "a\xEF\xBF\xBD"
                "b");
    expect_text("\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD");
    expect_text("\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    expect_text("\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void
no_text_is_null(void **state)
{
    (void)state;
    json_t *value = json_text(NULL);
    assert_true(json_is_null(value));
    json_decref(value);
}

/* Whatever a person typed can be read again by a machine. */
static void
any_bytes_make_a_document_that_can_be_read(void **state)
{
    (void)state;
    struct dice dice = {.seed = 24};
    for (int round = 0; round < 2000; round++) {
        size_t count = dice_roll(&dice, 60);
        char *bytes = round % 2 == 0
                          ? dice_bytes(&dice, count)
                          : dice_text(&dice, DICE_HARD_PIECES, count);
        json_t *value = json_text(bytes);
        assert_true(json_is_string(value));
        char *written = json_dumps(value, JSON_ENCODE_ANY);
        assert_non_null(written);
        json_t *again = json_loads(written, JSON_DECODE_ANY, NULL);
        assert_true(json_equal(value, again));
        json_decref(value);
        json_decref(again);
        free(written);
        free(bytes);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_document_begins_with_its_schema),
        cmocka_unit_test(what_cannot_be_written_is_an_error),
        cmocka_unit_test(a_long_document_that_cannot_be_written_is_an_error),
        cmocka_unit_test(broken_bytes_become_the_replacement_character),
        cmocka_unit_test(no_text_is_null),
        cmocka_unit_test(any_bytes_make_a_document_that_can_be_read),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
