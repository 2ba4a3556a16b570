#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/width.h"
#include "tests/support/dice.h"

static void
ascii_and_cyrillic_take_one_column_each(void **state)
{
    (void)state;
    assert_number(width_of(""), 0);
    assert_number(width_of("abc def"), 7);
    assert_number(width_of("привет, ёж"), 10);
    assert_number(width_of("— « » … →"), 9);
}

static void
east_asian_wide_characters_take_two(void **state)
{
    (void)state;
    assert_number(width_of("漢字"), 4);
    assert_number(width_of("한국"), 4);
    assert_number(width_of("ｆｕｌｌ"), 8); // full-width forms
    assert_number(width_of("a漢b"), 4);
}

static void
combining_marks_take_none(void **state)
{
    (void)state;
    assert_number(width_of("e\xCC\x81"), 1);
    assert_number(width_of("и\xCC\x86"), 1); // й
    assert_number(width_of("e\xCC\x81\xCC\x82\xCC\x83"), 1);
    assert_number(width_of("\xCC\x81"), 0);
}

static void
an_emoji_takes_two_whatever_it_is_made_of(void **state)
{
    (void)state;
    static const char *const EMOJI[] = {
        "\xF0\x9F\x98\x80",                             // a face
        "\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD",             // a thumb, skin tone
        "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB", // woman, ZWJ, laptop
        // A family of three.
        ("\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D"
         "\xF0\x9F\x91\xA7"),
        "\xE2\x9D\xA4\xEF\xB8\x8F", // a heart, VS16
        "#\xEF\xB8\x8F\xE2\x83\xA3",
        "*\xEF\xB8\x8F\xE2\x83\xA3",
        "0\xEF\xB8\x8F\xE2\x83\xA3",
        "9\xEF\xB8\x8F\xE2\x83\xA3",        // a keycap
        "\xF0\x9F\x87\xB7\xF0\x9F\x87\xBA", // a flag
        "\xF0\x9F\x8F\xB3\xEF\xB8\x8F\xE2\x80\x8D\xF0\x9F\x8C\x88",
    };
    for (size_t i = 0; i < sizeof(EMOJI) / sizeof(*EMOJI); i++) {
        int columns = -1;
        assert_number(width_cluster(EMOJI[i], &columns), strlen(EMOJI[i]));
        assert_number(columns, 2);
        assert_number(width_of(EMOJI[i]), 2);
    }
}

static void
a_heart_in_text_style_takes_one(void **state)
{
    (void)state;
    assert_number(width_of("\xE2\x9D\xA4"), 1);
    assert_number(width_of("\xE2\x9D\xA4\xEF\xB8\x8E"), 1); // VS15
    // What is no picture has no emoji style.
    assert_number(width_of(" \xEF\xB8\x8F"), 1);
    assert_number(width_of("ж\xEF\xB8\x8F"), 1);
}

static void
two_flags_are_two_clusters(void **state)
{
    (void)state;
    int columns = 0;
    assert_number(width_cluster("\xF0\x9F\x87\xB7\xF0\x9F\x87\xBA"
                                "\xF0\x9F\x87\xAF\xF0\x9F\x87\xB5",
                                &columns),
                  8);
}

static void
broken_bytes_take_one_column_each(void **state)
{
    (void)state;
    assert_number(width_of("\xFF"), 1);
    assert_number(width_of("\x80\x80"), 2);
    assert_number(width_of("\xE2\x82"), 2);         // cut off
    assert_number(width_of("\xC0\xAF"), 2);         // overlong
    assert_number(width_of("\xED\xA0\x80"), 3);     // a surrogate
    assert_number(width_of("\xF4\x90\x80\x80"), 4); // beyond U+10FFFF
    assert_number(width_of("a\xFF漢"), 4);
}

/* Walks a text cluster by cluster. */
static void
check_clusters(const char *text)
{
    size_t length = strlen(text);
    size_t at = 0;
    size_t sum = 0;
    while (at < length) {
        int columns = -1;
        size_t size = width_cluster(text + at, &columns);
        assert_true(size > 0 && at + size <= length);
        assert_true(columns >= 0 && columns <= 2);
        sum += (size_t)columns;
        at += size;
    }
    assert_number(sum, width_of(text));
    int columns = -1;
    assert_number(width_cluster(text + length, &columns), 0);
    assert_number(columns, 0);
}

static void
any_bytes_are_walked_to_their_end(void **state)
{
    (void)state;
    struct dice dice = {.seed = 4};
    for (int round = 0; round < 3000; round++) {
        size_t count = dice_roll(&dice, 40);
        char *text = round % 2 == 0
                         ? dice_bytes(&dice, count)
                         : dice_text(&dice, DICE_HARD_PIECES, count);
        check_clusters(text);
        free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(ascii_and_cyrillic_take_one_column_each),
        cmocka_unit_test(east_asian_wide_characters_take_two),
        cmocka_unit_test(combining_marks_take_none),
        cmocka_unit_test(an_emoji_takes_two_whatever_it_is_made_of),
        cmocka_unit_test(a_heart_in_text_style_takes_one),
        cmocka_unit_test(two_flags_are_two_clusters),
        cmocka_unit_test(broken_bytes_take_one_column_each),
        cmocka_unit_test(any_bytes_are_walked_to_their_end),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
