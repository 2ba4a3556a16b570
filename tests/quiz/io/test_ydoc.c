#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/arena.h"
#include "quiz/core/text.h"
#include "quiz/io/ydoc.h"

#include <cmocka.h>

struct parsed {
    struct arena *arena;
    struct faults faults;
    const struct ynode *root;
};

static struct parsed
parse_bytes(const char *bytes, size_t length)
{
    struct parsed parsed = {.arena = arena_new()};
    parsed.root =
        ydoc_parse(parsed.arena, "f.yaml", bytes, length, &parsed.faults);
    return parsed;
}

static struct parsed
parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void
release(struct parsed *parsed)
{
    faults_release(&parsed->faults);
    arena_free(parsed->arena);
}

/* Parses bytes and expects one fault there that says so. */
static void
expect_fault(const char *bytes, size_t length, int line, int column,
             const char *words)
{
    struct parsed parsed = parse_bytes(bytes, length);
    assert_int_equal(parsed.faults.count, 1);
    const struct fault *fault = &parsed.faults.items[0];
    if (strstr(fault->message, words) == NULL) {
        fail_msg("'%s' is not in '%s'", words, fault->message);
    }
    assert_string_equal(fault->file, "f.yaml");
    assert_int_equal(fault->line, line);
    assert_int_equal(fault->column, column);
    release(&parsed);
}

static void
a_mapping_holds_keys_and_values_with_their_places(void **state)
{
    (void)state;
    struct parsed parsed = parse("a: 1\nb:\n  - \"x\"\n  - y\n");
    assert_int_equal(parsed.faults.count, 0);
    assert_int_equal(parsed.root->kind, YNODE_MAP);
    assert_int_equal(parsed.root->count, 4);
    assert_string_equal(parsed.root->items[0]->text, "a");
    assert_true(parsed.root->items[1]->plain);
    const struct ynode *list = parsed.root->items[3];
    assert_int_equal(list->kind, YNODE_LIST);
    assert_int_equal(list->count, 2);
    assert_int_equal(list->items[0]->line, 3);
    assert_int_equal(list->items[0]->column, 5);
    assert_false(list->items[0]->plain);
    assert_string_equal(list->items[1]->text, "y");
    release(&parsed);
}

static void
columns_count_characters_not_bytes(void **state)
{
    (void)state;
    struct parsed parsed = parse("{ключ: значение}");
    assert_int_equal(parsed.root->items[1]->column, 8);
    release(&parsed);
}

static void
a_byte_order_mark_is_skipped(void **state)
{
    (void)state;
    struct parsed parsed = parse("\xEF\xBB\xBF"
                                 "a: b\n");
    assert_int_equal(parsed.faults.count, 0);
    assert_string_equal(parsed.root->items[0]->text, "a");
    release(&parsed);
}

static void
windows_line_ends_become_newlines(void **state)
{
    (void)state;
    struct parsed parsed = parse("a: |\r\n  b\r\n  c\r\n");
    assert_int_equal(parsed.faults.count, 0);
    assert_string_equal(parsed.root->items[1]->text, "b\nc\n");
    release(&parsed);
}

static void
bytes_that_are_no_utf8_are_refused_where_they_stand(void **state)
{
    (void)state;
    static const char BYTES[] = "a: b\nc: \xD0\xB4\xFFz\n";
    expect_fault(BYTES, sizeof(BYTES) - 1, 2, 5, "invalid leading UTF-8");
    // Overlong, a surrogate, cut off.
    expect_fault("a: \xC0\xAF", 5, 1, 4, "UTF-8");
    expect_fault("a: \xED\xA0\x80", 6, 1, 4, "Unicode");
    expect_fault("a: \xE2\x82", 5, 1, 4, "UTF-8");
}

static void
the_place_of_a_bad_byte_is_right_far_into_a_file(void **state)
{
    (void)state;
    struct text text = {0};
    for (int i = 0; i < 5000; i++) {
        text_add(&text, "- слово\n");
    }
    text_add(&text, "- a\xFF\n");
    expect_fault(text.bytes, text.length, 5001, 4, "UTF-8");
    text_release(&text);
}

static void
nul_bytes_are_refused(void **state)
{
    (void)state;
    expect_fault("a: b\0c\n", 7, 1, 5, "control characters");
    expect_fault("a: \"b\\0c\"\n", 10, 1, 4, "U+0000");
}

static void
escape_sequences_are_refused(void **state)
{
    (void)state;
    static const char ESCAPE[] = "a: \"\\e[2J\"";
    static const char C1[] = "a: \"x\\x9b2J\"";
    static const char DELETE[] = "a: \"x\\x7f\"";
    expect_fault(ESCAPE, sizeof(ESCAPE) - 1, 1, 4, "U+001B");
    expect_fault(C1, sizeof(C1) - 1, 1, 4, "U+009B");
    expect_fault(DELETE, sizeof(DELETE) - 1, 1, 4, "U+007F");
}

static void
a_fault_never_prints_a_control_character(void **state)
{
    (void)state;
    expect_fault("a: !<%1b%5b2J> c\n", 17, 1, 4, "found '!'");
}

static void
newlines_and_tabs_in_a_text_are_fine(void **state)
{
    (void)state;
    struct parsed parsed = parse("a: \"b\\tc\\nd\"");
    assert_int_equal(parsed.faults.count, 0);
    assert_string_equal(parsed.root->items[1]->text, "b\tc\nd");
    release(&parsed);
}

static void
anchors_aliases_and_tags_are_refused(void **state)
{
    (void)state;
    expect_fault("a: &x b\n", 8, 1, 4, "&x");
    expect_fault("a: *x\n", 6, 1, 4, "*x");
    expect_fault("a: !y b\n", 8, 1, 4, "!y");
}

static void
what_holds_something_faulty_is_faulty(void **state)
{
    (void)state;
    struct parsed parsed = parse("- [a, [b, *x]]\n- [c]\n");
    assert_true(parsed.root->faulty);
    assert_true(parsed.root->items[0]->faulty);
    assert_false(parsed.root->items[1]->faulty);
    release(&parsed);
}

static void
thirty_two_levels_are_enough(void **state)
{
    (void)state;
    char deep[2 * (YDOC_DEPTH + 1) + 1] = "";
    memset(deep, '[', YDOC_DEPTH);
    memset(deep + YDOC_DEPTH, ']', YDOC_DEPTH);
    struct parsed parsed = parse_bytes(deep, (size_t)2 * YDOC_DEPTH);
    assert_int_equal(parsed.faults.count, 0);
    release(&parsed);
    memset(deep, '[', YDOC_DEPTH + 1);
    memset(deep + YDOC_DEPTH + 1, ']', YDOC_DEPTH + 1);
    expect_fault(deep, (size_t)2 * (YDOC_DEPTH + 1), 1, YDOC_DEPTH + 1,
                 "deeper than 32");
}

static void
a_million_open_brackets_are_refused_at_once(void **state)
{
    (void)state;
    size_t length = 1000 * 1000;
    char *deep = malloc(length);
    assert_non_null(deep);
    memset(deep, '[', length);
    struct parsed parsed = parse_bytes(deep, length);
    assert_int_equal(parsed.faults.errors, 1);
    release(&parsed);
    // Nested mappings, too, and lists that are as deep as they may be.
    for (size_t i = 0; i < length; i++) {
        deep[i] = "{a: "[i % 4];
    }
    parsed = parse_bytes(deep, length);
    assert_int_equal(parsed.faults.errors, 1);
    release(&parsed);
    free(deep);
}

static void
a_long_text_is_refused(void **state)
{
    (void)state;
    struct text text = {0};
    text_add(&text, "a: ");
    for (int i = 0; i < YDOC_SCALAR_BYTES; i++) {
        text_add_char(&text, 'x');
    }
    struct parsed parsed = parse(text_string(&text));
    assert_int_equal(parsed.faults.count, 0);
    release(&parsed);
    text_add_char(&text, 'x');
    expect_fault(text.bytes, text.length, 1, 4, "65537 bytes");
    text_release(&text);
}

static void
a_file_that_is_too_long_is_not_parsed(void **state)
{
    (void)state;
    char *bytes = calloc(1, YDOC_FILE_BYTES + 1);
    assert_non_null(bytes);
    memset(bytes, '\n', YDOC_FILE_BYTES + 1);
    expect_fault(bytes, YDOC_FILE_BYTES + 1, 1, 1, "too long");
    free(bytes);
}

static void
what_is_whole_before_a_syntax_error_stays(void **state)
{
    (void)state;
    struct parsed parsed =
        parse("a: 1\nb:\n  - {c: 2}\n  - {c: 3\n  - {c: 4}\n");
    assert_int_equal(parsed.faults.count, 1);
    assert_true(parsed.root->cut);
    assert_int_equal(parsed.root->count, 4);
    const struct ynode *list = parsed.root->items[3];
    assert_true(list->cut);
    assert_int_equal(list->count, 1);
    assert_string_equal(list->items[0]->items[1]->text, "2");
    release(&parsed);
}

static void
hints_say_what_to_do(void **state)
{
    (void)state;
    expect_fault("a:\n\t- b\n", 8, 2, 1, "indent with spaces");
    expect_fault("a: @b\n", 6, 1, 4, "begins with '@'");
    expect_fault("a: b: c\n", 8, 1, 5, "a colon and a space");
    expect_fault("a: [b,\n  c\nd: e\n", 16, 3, 2, "began in line 1");
}

static void
one_document_is_expected(void **state)
{
    (void)state;
    expect_fault("", 0, 1, 1, "empty");
    expect_fault("# only\n", 7, 1, 1, "empty");
    expect_fault("a: b\n---\nc: d\n", 14, 2, 1, "second document");
}

static void
a_flood_of_faults_is_counted_but_not_kept(void **state)
{
    (void)state;
    struct text text = {0};
    for (int i = 0; i < YDOC_FAULTS + 50; i++) {
        text_add(&text, "- *x\n");
    }
    struct parsed parsed = parse(text_string(&text));
    assert_int_equal(parsed.faults.count, YDOC_FAULTS);
    assert_int_equal(parsed.faults.left_out, 50);
    assert_int_equal(parsed.faults.errors, YDOC_FAULTS + 50);
    release(&parsed);
    text_release(&text);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_mapping_holds_keys_and_values_with_their_places),
        cmocka_unit_test(columns_count_characters_not_bytes),
        cmocka_unit_test(a_byte_order_mark_is_skipped),
        cmocka_unit_test(windows_line_ends_become_newlines),
        cmocka_unit_test(bytes_that_are_no_utf8_are_refused_where_they_stand),
        cmocka_unit_test(the_place_of_a_bad_byte_is_right_far_into_a_file),
        cmocka_unit_test(nul_bytes_are_refused),
        cmocka_unit_test(escape_sequences_are_refused),
        cmocka_unit_test(a_fault_never_prints_a_control_character),
        cmocka_unit_test(newlines_and_tabs_in_a_text_are_fine),
        cmocka_unit_test(anchors_aliases_and_tags_are_refused),
        cmocka_unit_test(what_holds_something_faulty_is_faulty),
        cmocka_unit_test(thirty_two_levels_are_enough),
        cmocka_unit_test(a_million_open_brackets_are_refused_at_once),
        cmocka_unit_test(a_long_text_is_refused),
        cmocka_unit_test(a_file_that_is_too_long_is_not_parsed),
        cmocka_unit_test(what_is_whole_before_a_syntax_error_stays),
        cmocka_unit_test(hints_say_what_to_do),
        cmocka_unit_test(one_document_is_expected),
        cmocka_unit_test(a_flood_of_faults_is_counted_but_not_kept),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
