#include <stdio.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/text.h"
#include "quiz/core/width.h"
#include "quiz/io/view.h"
#include "tests/support/dice.h"
#include "tests/support/screen.h"

static void
expect(int width, const char *markdown, const char *expected)
{
    struct screen screen;
    struct view view = {
        .out = screen_begin(&screen), .width = width, .utf8 = true};
    view_markdown(&view, markdown, 0);
    screen_end(&screen);
    assert_text(screen.text, expected);
    screen_release(&screen);
}

static void
paragraphs_are_wrapped_and_parted(void **state)
{
    (void)state;
    expect(30, "", "");
    expect(30, "One paragraph\nin two lines that wraps.\n\n\nAnother.",
           "One paragraph in two lines\nthat wraps.\n\nAnother.\n");
    expect(30, "A hard  \nbreak.", "A hard\nbreak.\n");
}

static void
headings_and_rules_stand_alone(void **state)
{
    (void)state;
    expect(20, "# Title\ntext\n\n---\n\nmore",
           "Title\n\ntext\n\n────────────────────\n\nmore\n");
}

static void
spans_lose_their_marks_but_code_keeps_them(void **state)
{
    (void)state;
    expect(60, "A **strong**, *soft* and `code` word.",
           "A strong, soft and `code` word.\n");
    expect(60, "See [PEP 683](https://peps.python.org/pep-0683).",
           "See PEP 683 <https://peps.python.org/pep-0683>.\n");
    expect(60, "At <http://a.b> and [http://a.b](http://a.b), not [c]().",
           "At http://a.b and http://a.b, not c.\n");
    expect(60, "<b>not HTML</b>", "<b>not HTML</b>\n");
}

static void
entities_become_what_they_name(void **state)
{
    (void)state;
    expect(60, "a &lt; b &amp;&amp; c &gt; d, &quot;e&quot; &#1078; &#x416;",
           "a < b && c > d, \"e\" ж Ж\n");
    expect(60, "`&lt;` &unknown; &#0; &#xD800; &#27;[2J",
           "`&lt;` &unknown; \xEF\xBF\xBD \xEF\xBF\xBD ␛[2J\n");
}

static void
lists_are_numbered_and_indented(void **state)
{
    (void)state;
    expect(24, "- one that is longer than a line\n- two\n  - inner",
           "• one that is longer\n  than a line\n• two\n  • inner\n");
    expect(24, "3. three\n4. four", "3. three\n4. four\n");
    expect(24, "0. zero\n1. one", "0. zero\n1. one\n");
    expect(24, "- one\n\n- two", "• one\n\n• two\n");
    expect(24, "Look:\n\n- one\n- two\n\nEnd.",
           "Look:\n\n• one\n• two\n\nEnd.\n");
    expect(24, "- one\n\n  more\n- two", "• one\n\n  more\n\n• two\n");
}

static void
a_number_of_two_digits_stays_within_the_width(void **state)
{
    (void)state;
    expect(20, "10. ten and so on and on\n11. eleven",
           "10. ten and so on\n    and on\n11. eleven\n");
}

static void
code_blocks_keep_their_lines(void **state)
{
    (void)state;
    expect(30, "Look:\n\n```python\nif x:\n    y = 1\n\nz\n```\n\nDone.",
           "Look:\n\n  if x:\n      y = 1\n\n  z\n\nDone.\n");
    expect(20, "```\nabcdefghijklmnopqrstuvwxyz\n```",
           "  abcdefghijklmnopqr\n  ↪ stuvwxyz\n");
}

static void
a_table_that_fits_has_columns(void **state)
{
    (void)state;
    expect(40, "| name | size |\n|---|---|\n| int | 28 |\n| кортеж | 40 |",
           "name    size\nint     28\nкортеж  40\n");
}

static void
a_table_too_wide_becomes_a_list(void **state)
{
    (void)state;
    expect(20,
           "| name | what it is |\n|---|---|\n"
           "| list | an array of references |",
           "• list\n  what it is: an\n  array of\n  references\n");
}

static void
every_cell_of_a_large_table_is_shown(void **state)
{
    (void)state;
    struct text table = {0};
    text_add(&table, "| number | square |\n|---|---|\n");
    for (int i = 0; i < 300; i++) {
        text_add_format(&table, "| n%d | s%d |\n", i, i * i);
    }
    struct screen screen;
    struct view view = {.out = screen_begin(&screen), .width = 40};
    view_markdown(&view, text_string(&table), 0);
    screen_end(&screen);
    for (int i = 0; i < 300; i++) {
        char row[40];
        snprintf(row, sizeof(row), "n%d ", i);
        assert_contains(screen.text, row);
        snprintf(row, sizeof(row), " s%d\n", i * i);
        assert_contains(screen.text, row);
    }
    screen_release(&screen);
    text_release(&table);
}

static void
what_is_nested_deep_stays_within_the_width(void **state)
{
    (void)state;
    struct text text = {0};
    for (int i = 0; i < 40; i++) {
        text_add_format(&text, "%*s- level number %d\n", 2 * i, "", i);
    }
    for (int i = 0; i < 40; i++) {
        text_add(&text, "> ");
    }
    text_add(&text, "quoted\n\nThe end of it\n");
    struct screen screen;
    struct view view = {.out = screen_begin(&screen), .width = 20};
    view_markdown(&view, text_string(&text), 0);
    screen_end(&screen);
    screen_check(&screen, 20, false, "a deep list");
    assert_contains(screen.text, "\n\nThe end of it\n");
    screen_release(&screen);
    text_release(&text);
}

static void
styles_do_not_leak_out_of_a_block(void **state)
{
    (void)state;
    struct text text = {0};
    for (int i = 0; i < 30; i++) {
        text_add(&text, i % 2 == 0 ? "**a " : "*b ");
    }
    for (int i = 29; i >= 0; i--) {
        text_add(&text, i % 2 == 0 ? " a**" : " b*");
    }
    text_add(&text, "\n\nplain\n");
    struct screen screen;
    struct view view = {
        .out = screen_begin(&screen), .width = 200, .color = true};
    view_markdown(&view, text_string(&text), 0);
    fclose(screen.out);
    assert_contains(screen.text, "\033[0m\n\nplain\n");
    screen_release(&screen);
    text_release(&text);
}

// --- properties ------------------------------------------------------------

static const char *const MARKS[] = {
    "# ",
    "- ",
    "  - ",
    "    - ",
    "1. ",
    "10. ",
    "123456. ",
    "> ",
    "```\n",
    "```c\n",
    "~~~ python\n",
    "**",
    "*",
    "`",
    "``",
    "[a](",
    ")",
    "![x](y)",
    "<http://a.b>",
    "| a | b |\n|---|---|\n",
    "| слово | 漢字 | c |\n|---|:-:|--:|\n",
    "| ",
    " | ",
    "|\n",
    "---\n",
    "\n",
    "\n\n",
    "\n",
    "  \n",
    "&lt;",
    "&#10;",
    "&#27;",
    "&#x202e;",
    "<b>",
    "\\",
    "word ",
    "слово ",
    "a longer piece of text to be wrapped ",
    "\xE2\x80\xAE\xE2\x80\xAC", // right to left, and its end
    "\033[31m",
    "\xC2\x9B",
    "\xFF",
    "\r",
    "\t",
    "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
    NULL};

static void
no_markdown_prints_a_control_character_or_too_wide_a_line(void **state)
{
    (void)state;
    struct dice dice = {.seed = 21};
    for (int round = 0; round < 4000; round++) {
        char *text =
            round % 8 == 0
                ? dice_bytes(&dice, dice_roll(&dice, 300))
                : dice_text(&dice, round % 3 == 0 ? DICE_HARD_PIECES : MARKS,
                            dice_roll(&dice, 80));
        struct screen screen;
        struct view view = {.out = screen_begin(&screen),
                            .width = 20 + (int)dice_roll(&dice, 61),
                            .color = dice_roll(&dice, 2) == 0,
                            .utf8 = dice_roll(&dice, 2) == 0};
        view_markdown(&view, text, (int)dice_roll(&dice, 6));
        screen_end(&screen);
        screen_check(&screen, view.width, view.utf8, text);
        assert_true(view.color || screen.styles == 0);
        screen_release(&screen);
        free(text);
    }
}

static void
every_word_is_printed_once(void **state)
{
    (void)state;
    static const char *const BETWEEN[] = {" ",      "\n",        "\n\n",
                                          "\n- ",   "\n\n1. ",   "\n\n> ",
                                          "\n\n# ", "\n\n```\n", NULL};
    struct dice dice = {.seed = 22};
    for (int round = 0; round < 1000; round++) {
        struct text text = {0};
        int words = (int)dice_roll(&dice, 40);
        for (int i = 0; i < words; i++) {
            char *between = dice_text(&dice, BETWEEN, 1);
            text_add_format(&text, "%sw%dw", between, i);
            free(between);
        }
        struct screen screen;
        struct view view = {.out = screen_begin(&screen),
                            .width = 20 + (int)dice_roll(&dice, 61)};
        view_markdown(&view, text_string(&text), 0);
        screen_end(&screen);
        for (int i = 0; i < words; i++) {
            char word[16];
            snprintf(word, sizeof(word), "w%dw", i);
            const char *found = strstr(screen.text, word);
            if (found == NULL || strstr(found + 1, word) != NULL) {
                fail_msg("%s in\n%s\nfrom\n%s", word, screen.text,
                         text_string(&text));
            }
        }
        screen_release(&screen);
        text_release(&text);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(paragraphs_are_wrapped_and_parted),
        cmocka_unit_test(headings_and_rules_stand_alone),
        cmocka_unit_test(spans_lose_their_marks_but_code_keeps_them),
        cmocka_unit_test(entities_become_what_they_name),
        cmocka_unit_test(lists_are_numbered_and_indented),
        cmocka_unit_test(a_number_of_two_digits_stays_within_the_width),
        cmocka_unit_test(code_blocks_keep_their_lines),
        cmocka_unit_test(a_table_that_fits_has_columns),
        cmocka_unit_test(a_table_too_wide_becomes_a_list),
        cmocka_unit_test(every_cell_of_a_large_table_is_shown),
        cmocka_unit_test(what_is_nested_deep_stays_within_the_width),
        cmocka_unit_test(styles_do_not_leak_out_of_a_block),
        cmocka_unit_test(
            no_markdown_prints_a_control_character_or_too_wide_a_line),
        cmocka_unit_test(every_word_is_printed_once),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
