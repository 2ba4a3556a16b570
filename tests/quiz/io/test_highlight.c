#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/text.h"
#include "quiz/io/highlight.h"
#include "tests/support/dice.h"

/* One letter per byte for the style it gets; newlines stay. */
static char *
styles_of(enum code_lang lang, const char *code)
{
    static const char LETTERS[] = {
        [VIEW_PLAIN] = '.',   [VIEW_KEYWORD] = 'k', [VIEW_STRING] = 's',
        [VIEW_COMMENT] = 'c', [VIEW_NUMBER] = 'n',
    };
    struct highlight highlight = highlight_begin(lang);
    struct text styles = {0};
    while (*code != '\0') {
        size_t length = strcspn(code, "\n");
        for (size_t i = 0; i < length;) {
            enum view_style style = VIEW_STYLE_COUNT;
            size_t size =
                highlight_next(&highlight, code + i, length - i, &style);
            assert_true(size >= 1 && size <= length - i);
            assert_true(style <= VIEW_NUMBER && LETTERS[style] != '\0');
            for (size_t k = 0; k < size; k++) {
                text_add_char(&styles, LETTERS[style]);
            }
            i += size;
        }
        highlight_end_line(&highlight);
        code += length;
        if (*code == '\n') {
            text_add_char(&styles, '\n');
            code++;
        }
    }
    return text_steal(&styles);
}

static void
expect(enum code_lang lang, const char *code, const char *expected)
{
    char *styles = styles_of(lang, code);
    assert_text(styles, expected);
    free(styles);
}

static void
keywords_numbers_and_comments_are_told_apart(void **state)
{
    (void)state;
    expect(CODE_PYTHON, "if x_if: return 42  # if 1",
           "kk.......kkkkkk.nn..cccccc");
    expect(CODE_C, "for (int i = 0;;) // go", "kkk..kkk.....n....ccccc");
    expect(CODE_SHELL, "for f # x", "......ccc");
}

static void
a_word_is_one_piece(void **state)
{
    (void)state;
    expect(CODE_PYTHON, "iff notin None2 None", "................kkkk");
    expect(CODE_PYTHON, "переменная_in", ".......................");
}

static void
strings_end_at_their_own_quote(void **state)
{
    (void)state;
    expect(CODE_PYTHON, "a = 'it\"s' + \"#\"", "....ssssss...sss");
    expect(CODE_PYTHON, "'\\'' in x", "ssss.kk..");
    expect(CODE_C, "\"\\\\\" int", "ssss.kkk");
}

static void
a_string_left_open_ends_with_its_line(void **state)
{
    (void)state;
    expect(CODE_PYTHON, "'open\nin", "sssss\nkk");
    expect(CODE_C, "\"open\\\nint", "ssssss\nkkk");
}

static void
long_strings_and_comments_go_on_in_the_next_line(void **state)
{
    (void)state;
    expect(CODE_PYTHON, "\"\"\"a\nif 'b'\n\"\"\" if", "ssss\nssssss\nsss.kk");
    expect(CODE_PYTHON, "'''\n\"\"\"\n''' if", "sss\nsss\nsss.kk");
    expect(CODE_C, "/* int\n* / */ int", "cccccc\ncccccc.kkk");
    expect(CODE_C, "/*/ int */ int", "cccccccccc.kkk");
}

static void
a_mark_of_another_language_means_nothing(void **state)
{
    (void)state;
    expect(CODE_PYTHON, "a // b", "......");
    expect(CODE_C, "# if", "..kk");
    expect(CODE_TEXT, "if 'x' # 1", "..........");
}

static void
any_line_is_taken_apart_to_its_end(void **state)
{
    (void)state;
    static const char *const PIECES[] = {
        "\"", "'", "\"\"\"", "'''", "/*", "*/", "//",   "#", "\\",
        "\n", " ", "if",     "12",  "ж",  "漢", "\xFF", "_", NULL};
    struct dice dice = {.seed = 23};
    for (int round = 0; round < 4000; round++) {
        char *code = dice_text(&dice, PIECES, dice_roll(&dice, 40));
        char *styles =
            styles_of((enum code_lang)(round % CODE_LANG_COUNT), code);
        assert_number(strlen(styles), strlen(code));
        free(styles);
        free(code);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(keywords_numbers_and_comments_are_told_apart),
        cmocka_unit_test(a_word_is_one_piece),
        cmocka_unit_test(strings_end_at_their_own_quote),
        cmocka_unit_test(a_string_left_open_ends_with_its_line),
        cmocka_unit_test(long_strings_and_comments_go_on_in_the_next_line),
        cmocka_unit_test(a_mark_of_another_language_means_nothing),
        cmocka_unit_test(any_line_is_taken_apart_to_its_end),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
