#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/text.h"
#include "quiz/core/width.h"
#include "quiz/io/view.h"
#include "tests/support/dice.h"
#include "tests/support/screen.h"

/* The paragraph as it is printed on a terminal of that many columns. */
static void
expect_paragraph(int width, int indent, const char *first, const char *text,
                 const char *expected)
{
    struct screen screen;
    struct view view = {
        .out = screen_begin(&screen), .width = width, .utf8 = true};
    view_paragraph(&view, VIEW_PLAIN, indent, first, text);
    screen_end(&screen);
    assert_text(screen.text, expected);
    screen_release(&screen);
}

static void
lines_break_at_spaces(void **state)
{
    (void)state;
    expect_paragraph(20, 0, "", "", "\n");
    expect_paragraph(20, 0, "", "short", "short\n");
    expect_paragraph(20, 0, "", "twenty columns, just",
                     "twenty columns, just\n");
    expect_paragraph(20, 0, "", "twenty columns, just so",
                     "twenty columns, just\nso\n");
    expect_paragraph(20, 0, "", "twenty-one columns, so",
                     "twenty-one columns,\nso\n");
    expect_paragraph(20, 0, "", "двадцать столбцов, да ещё",
                     "двадцать столбцов,\nда ещё\n");
}

static void
the_first_line_hangs_out(void **state)
{
    (void)state;
    expect_paragraph(20, 2, "1. ", "an item that is longer",
                     "  1. an item that is\n     longer\n");
    expect_paragraph(20, 0, "✓ ", "a check, and more of it",
                     "✓ a check, and more\n  of it\n");
}

static void
a_long_word_is_broken_between_characters(void **state)
{
    (void)state;
    expect_paragraph(20, 0, "", "abcdefghijklmnopqrstuvwxyz",
                     "abcdefghijklmnopqrst\nuvwxyz\n");
    expect_paragraph(21, 0, "", "漢漢漢漢漢漢漢漢漢漢漢",
                     "漢漢漢漢漢漢漢漢漢漢\n漢\n");
}

static void
a_newline_breaks_the_line(void **state)
{
    (void)state;
    expect_paragraph(20, 2, "", "one\ntwo\n\nthree",
                     "  one\n  two\n\n  three\n");
}

static void
what_could_move_the_cursor_is_made_visible(void **state)
{
    (void)state;
    expect_paragraph(40, 0, "", "a\033[2Jb", "a␛[2Jb\n");
    expect_paragraph(40, 0, "", "a\rb\007", "a␍b␇\n");
    expect_paragraph(40, 0, "", "a\tb", "a    b\n");
    expect_paragraph(40, 0, "",
                     "a\x7F"
                     "b",
                     "a\xEF\xBF\xBD"
                     "b\n");
    expect_paragraph(40, 0, "",
                     "a\xC2\x9B"
                     "b",
                     "a\xEF\xBF\xBD"
                     "b\n");
    expect_paragraph(40, 0, "",
                     "a\xFF"
                     "b",
                     "a\xEF\xBF\xBD"
                     "b\n");
    expect_paragraph(40, 0, "",
                     "a\xE2\x80\xAE\xE2\x80\xAC"
                     "b\xD8\x9C"
                     "c",
                     "abc\n");
}

static void
a_terminal_without_unicode_gets_ascii(void **state)
{
    (void)state;
    struct screen screen;
    struct view view = {.out = screen_begin(&screen), .width = 20};
    view_paragraph(&view, VIEW_PLAIN, 0, "• ", "a → b — «c» …");
    view_rule(&view);
    screen_end(&screen);
    assert_text(screen.text, "* a -> b - \"c\" ...\n--------------------\n");
    screen_release(&screen);
}

static void
styles_begin_and_end_on_a_line_of_a_colour_terminal_alone(void **state)
{
    (void)state;
    for (int color = 0; color < 2; color++) {
        struct screen screen;
        struct view view = {
            .out = screen_begin(&screen), .width = 20, .color = color == 1};
        view_paragraph(&view, VIEW_RIGHT, 0, "",
                       "a green text of more than twenty columns");
        fclose(screen.out);
        assert_text(screen.text,
                    color == 0 ? "a green text of more\nthan twenty columns\n"
                               : "\033[32ma green text of more\033[0m\n"
                                 "\033[32mthan twenty columns\033[0m\n");
        screen_release(&screen);
    }
}

static void
code_goes_on_behind_a_mark(void **state)
{
    (void)state;
    struct screen screen;
    struct view view = {
        .out = screen_begin(&screen), .width = 20, .utf8 = true};
    view_code(&view, "abcdefghijklmnopqrstuvwxyz\n\n  x = 1\n\ty\n",
              CODE_PYTHON, 2);
    screen_end(&screen);
    assert_text(screen.text, "  abcdefghijklmnopqr\n  ↪ stuvwxyz\n\n"
                             "    x = 1\n      y\n");
    screen_release(&screen);
}

static void
a_heading_is_underlined_across(void **state)
{
    (void)state;
    struct screen screen;
    struct view view = {.out = screen_begin(&screen), .width = 20};
    view_heading(&view, "Practice");
    view_gap(&view);
    view_styled(&view, VIEW_STRONG, "within\033 a line");
    screen_end(&screen);
    assert_text(screen.text, "Practice\n--------------------\n\n"
                             "within? a line");
    screen_release(&screen);
}

// --- properties ------------------------------------------------------------

static char *
hard_text(struct dice *dice, int round)
{
    return round % 4 == 0
               ? dice_bytes(dice, dice_roll(dice, 200))
               : dice_text(dice, DICE_HARD_PIECES, dice_roll(dice, 60));
}

static void
no_line_is_wider_than_the_terminal(void **state)
{
    (void)state;
    static const char *const FIRSTS[] = {"", "• ", "12. ", "✓ "};
    struct dice dice = {.seed = 18};
    for (int round = 0; round < 6000; round++) {
        char *text = hard_text(&dice, round);
        struct screen screen;
        struct view view = {.out = screen_begin(&screen),
                            .width = 1 + (int)dice_roll(&dice, 80),
                            .color = dice_roll(&dice, 2) == 0,
                            .utf8 = dice_roll(&dice, 2) == 0};
        int indent = (int)dice_roll(&dice, 30);
        if (round % 2 == 0) {
            view_paragraph(&view, VIEW_STRONG, indent,
                           FIRSTS[dice_roll(&dice, 4)], text);
        }
        else {
            view_code(&view, text,
                      (enum code_lang)dice_roll(&dice, CODE_LANG_COUNT),
                      indent);
        }
        screen_end(&screen);
        // Below 20 columns nothing is promised but an end.
        screen_check(&screen, view.width < 20 ? 20 : view.width, view.utf8,
                     text);
        screen_release(&screen);
        free(text);
    }
}

/* The text without blanks, newlines and marks of broken lines. */
static char *
squeezed(const char *text)
{
    static const char MARK[] = "↪";
    struct text kept = {0};
    while (*text != '\0') {
        if (strncmp(text, MARK, sizeof(MARK) - 1) == 0) {
            text += sizeof(MARK) - 1;
        }
        else if (*text == ' ' || *text == '\n') {
            text++;
        }
        else {
            text_add_char(&kept, *text++);
        }
    }
    return text_steal(&kept);
}

static void
wrapping_loses_and_adds_nothing(void **state)
{
    (void)state;
    static const char *const PIECES[] = {
        " ",
        " ",
        "\n",
        "word",
        "слово",
        "漢字",
        "и\xCC\x86",
        "#comment",
        "'string'",
        "return",
        "12",
        "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
        "averyveryverylongwordthatdoesnotfit",
        NULL};
    struct dice dice = {.seed = 19};
    for (int round = 0; round < 3000; round++) {
        char *text = dice_text(&dice, PIECES, dice_roll(&dice, 60));
        struct screen screen;
        struct view view = {.out = screen_begin(&screen),
                            .width = 1 + (int)dice_roll(&dice, 80),
                            .color = round % 3 == 0,
                            .utf8 = true};
        if (round % 2 == 0) {
            view_paragraph(&view, VIEW_STRONG, round % 7, "", text);
        }
        else {
            view_code(&view, text, CODE_PYTHON, round % 7);
        }
        screen_end(&screen);
        char *before = squeezed(text);
        char *after = squeezed(screen.text);
        assert_text(after, before);
        free(before);
        free(after);
        screen_release(&screen);
        free(text);
    }
}

static void
every_byte_of_a_flow_has_its_style(void **state)
{
    (void)state;
    struct dice dice = {.seed = 20};
    for (int round = 0; round < 1000; round++) {
        struct flow flow = {0};
        char *text = hard_text(&dice, round);
        flow_add(&flow, VIEW_STRONG, text);
        size_t strong = flow.text.length;
        flow_add_bytes(&flow, VIEW_DIM, text, strlen(text) / 2);
        flow_add_bytes(&flow, VIEW_DIM, "\0", 1);
        assert_number(flow.styles.length, flow.text.length);
        for (size_t i = 0; i < flow.text.length; i++) {
            assert_number(flow.styles.bytes[i],
                          i < strong ? VIEW_STRONG : VIEW_DIM);
        }
        assert_number(strlen(flow.text.bytes), flow.text.length);
        flow_release(&flow);
        flow_release(&flow);
        free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(lines_break_at_spaces),
        cmocka_unit_test(the_first_line_hangs_out),
        cmocka_unit_test(a_long_word_is_broken_between_characters),
        cmocka_unit_test(a_newline_breaks_the_line),
        cmocka_unit_test(what_could_move_the_cursor_is_made_visible),
        cmocka_unit_test(a_terminal_without_unicode_gets_ascii),
        cmocka_unit_test(
            styles_begin_and_end_on_a_line_of_a_colour_terminal_alone),
        cmocka_unit_test(code_goes_on_behind_a_mark),
        cmocka_unit_test(a_heading_is_underlined_across),
        cmocka_unit_test(no_line_is_wider_than_the_terminal),
        cmocka_unit_test(wrapping_loses_and_adds_nothing),
        cmocka_unit_test(every_byte_of_a_flow_has_its_style),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
