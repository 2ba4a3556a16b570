#include <stdlib.h>
#include <utf8proc.h>

#include "labs/testing.h"
#include "quiz/core/words.h"
#include "tests/support/dice.h"

static void
expect_fold(const char *text, const char *folded)
{
    char *got = words_fold(text, strlen(text));
    assert_text(got, folded);
    free(got);
}

// --- folding ---------------------------------------------------------------

static void
case_and_compatibility_forms_are_folded(void **state)
{
    (void)state;
    expect_fold("Reference COUNT", "reference count");
    expect_fold("СБОРКА Мусора", "сборка мусора");
    expect_fold("ｆｕｌｌ ﬁle", "full file");
    expect_fold("Straße", "strasse");
    expect_fold("", "");
}

static void
both_unicode_forms_are_the_same(void **state)
{
    (void)state;
    expect_fold("и\xCC\x86", "й");
    expect_fold("й", "й");
    expect_fold("е\xCC\x88лка", "елка"); // ё in two code points
    expect_fold("Ёлка", "елка");
}

static void
typographic_marks_become_plain_and_stress_goes(void **state)
{
    (void)state;
    expect_fold("don’t", "don't");
    expect_fold("«a» “b” „c”", "\"a\" \"b\" \"c\"");
    expect_fold("a—b–c‑d−e", "a-b-c-d-e");
    expect_fold("за\xCC\x81мок", "замок");
    expect_fold("so\xC2\xAD"
                "ft zero\xE2\x80\x8Bwidth",
                "soft zerowidth");
}

static void
letters_of_the_wrong_alphabet_are_put_right(void **state)
{
    (void)state;
    expect_fold("пoтoк", "поток");   // o is Latin
    expect_fold("thrеаd", "thread"); // еа are Cyrillic
    expect_fold("gil-блокировка", "gil-блокировка");
    expect_fold("gпотокw", "gпотокw"); // no look-alikes: left as it is
}

static void
broken_bytes_become_the_replacement_character(void **state)
{
    (void)state;
    expect_fold("a\xFF", "a\xEF\xBF\xBD");
    expect_fold("\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD");
    char *folded = words_fold("a\0b", 3);
    assert_text(folded, "a\xEF\xBF\xBD"
                        "b");
    free(folded);
}

static void
folded_text_is_valid_and_stays_when_folded_again(void **state)
{
    (void)state;
    struct dice dice = {.seed = 5};
    for (int round = 0; round < 3000; round++) {
        size_t count = dice_roll(&dice, 30);
        char *text = round % 2 == 0
                         ? dice_bytes(&dice, count)
                         : dice_text(&dice, DICE_HARD_PIECES, count);
        char *once = words_fold(text, strlen(text));
        utf8proc_int32_t code = 0;
        for (const char *at = once; *at != '\0';) {
            utf8proc_ssize_t size =
                utf8proc_iterate((const utf8proc_uint8_t *)at, -1, &code);
            assert_true(size > 0);
            at += size;
        }
        char *twice = words_fold(once, strlen(once));
        assert_text(twice, once);
        free(text);
        free(once);
        free(twice);
    }
}

/* U+FDFA alone is decomposed into eighteen code points. */
static void
what_grows_by_folding_finds_room(void **state)
{
    (void)state;
    char text[3 * 200 + 1] = "";
    for (int i = 0; i < 200; i++) {
        memcpy(text + 3 * (size_t)i, "\xEF\xB7\xBA", 4);
    }
    char *folded = words_fold(text, strlen(text));
    assert_true(strlen(folded) > 200 * 18);
    free(folded);
}

// --- stems and typing mistakes ---------------------------------------------

static void
forms_of_a_word_have_one_stem(void **state)
{
    (void)state;
    static const char *const PAIRS[][2] = {{"references", "reference"},
                                           {"running", "runs"},
                                           {"ссылками", "ссылкой"},
                                           {"потоки", "потоков"}};
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(*PAIRS); i++) {
        char one[64];
        char two[64];
        words_stem(PAIRS[i][0], one, sizeof(one));
        words_stem(PAIRS[i][1], two, sizeof(two));
        assert_text(one, two);
    }
}

static void
a_stem_without_room_is_cut(void **state)
{
    (void)state;
    char stem[4] = "xxx";
    words_stem("thread", stem, sizeof(stem));
    assert_text(stem, "thr");
    words_stem("", stem, sizeof(stem));
    assert_text(stem, "");
}

static void
the_stemmers_come_back_when_needed(void **state)
{
    (void)state;
    char stem[16];
    words_release();
    words_release();
    words_stem("threads", stem, sizeof(stem));
    assert_text(stem, "thread");
    words_release();
}

static void
longer_words_forgive_more(void **state)
{
    (void)state;
    assert_number(words_tolerance("lock"), 0);
    assert_number(words_tolerance("cycle"), 1);
    assert_number(words_tolerance("refcount"), 1);
    assert_number(words_tolerance("reference"), 2);
    assert_number(words_tolerance("цикл"), 0);
    assert_number(words_tolerance("ссылка"), 1);
    assert_number(words_tolerance("блокировка"), 2);
    assert_number(words_tolerance("ob_refcnt"), 0);
    assert_number(words_tolerance("python3"), 0);
    assert_number(words_tolerance("gc.collect"), 0);
    assert_number(words_tolerance(""), 0);
}

static void
mistyped_words_are_alike(void **state)
{
    (void)state;
    assert_true(words_alike("reference", "refernce"));
    assert_true(words_alike("reference", "rfeernece"));
    assert_true(words_alike("cycle", "cylce"));
    assert_true(words_alike("сборщик", "сборшик"));
    assert_true(words_alike("x", "x"));
    assert_true(words_alike("ob_refcnt", "ob_refcnt"));
}

static void
what_differs_too_much_is_not_alike(void **state)
{
    (void)state;
    assert_false(words_alike("lock", "lick"));
    assert_false(words_alike("cycle", "cyclist"));
    assert_false(words_alike("cycles", "ccylse")); // two swaps
    assert_false(words_alike("reference", "rfrnc"));
    assert_false(words_alike("ob_refcnt", "ob_refcmt"));
    assert_false(words_alike("python3", "python2"));
    assert_false(words_alike("", "a"));
}

static void
words_that_are_easily_confused_are_not_alike(void **state)
{
    (void)state;
    static const char *const PAIRS[][2] = {
        {"mutable", "immutable"}, {"strong", "string"},
        {"thread", "tread"},      {"process", "progress"},
        {"процесс", "прогресс"},  {"collect", "connect"}};
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(*PAIRS); i++) {
        assert_false(words_alike(PAIRS[i][0], PAIRS[i][1]));
        assert_false(words_alike(PAIRS[i][1], PAIRS[i][0]));
    }
}

static void
being_alike_goes_both_ways(void **state)
{
    (void)state;
    static const char *const LETTERS[] = {"a", "b", "ж", "я", NULL};
    struct dice dice = {.seed = 6};
    int alike = 0;
    for (int round = 0; round < 20000; round++) {
        char *a = dice_text(&dice, LETTERS, 4 + dice_roll(&dice, 7));
        char *b = dice_text(&dice, LETTERS, 4 + dice_roll(&dice, 7));
        assert_true(words_alike(a, a));
        assert_int_equal(words_alike(a, b), words_alike(b, a));
        alike += words_alike(a, b);
        free(a);
        free(b);
    }
    assert_true(alike > 0);
}

// --- whole answers ---------------------------------------------------------

static void
an_answer_is_told_in_any_writing(void **state)
{
    (void)state;
    assert_true(words_answer_is("reference count", "Reference Count"));
    assert_true(words_answer_is("reference count", "  the reference  count."));
    assert_true(words_answer_is("reference count", "reference-count"));
    assert_true(words_answer_is("reference count", "referense count"));
    assert_true(words_answer_is("reference count", "reference counts"));
    assert_true(words_answer_is("счётчик ссылок", "СЧЕТЧИК ССЫЛОК!"));
    assert_true(words_answer_is("deep copy", "deepcopy"));
    assert_true(words_answer_is("==", "=="));
    assert_true(words_answer_is("a", "a"));
}

static void
another_answer_is_another(void **state)
{
    (void)state;
    assert_false(words_answer_is("reference count", "reference"));
    assert_false(words_answer_is("reference", "reference count"));
    assert_false(words_answer_is("reference", "reference reference"));
    assert_false(words_answer_is("very very", "very"));
    assert_false(words_answer_is("mutable", "immutable"));
    assert_false(words_answer_is("is", "=="));
    assert_false(words_answer_is("==", "!="));
    assert_false(words_answer_is("3", "4"));
    assert_false(words_answer_is("reference", ""));
    assert_false(words_answer_is("reference", " . "));
    assert_false(words_answer_is("==", "?"));
}

/* Writes text otherwise: letters in the other case, letters taken apart into
 * their two code points, more spaces. */
static char *
disguise(struct dice *dice, const char *text)
{
    enum {
        ROOM = 512
    };
    char *other = calloc(ROOM, 1);
    size_t length = 0;
    while (*text != '\0' && length + 16 < ROOM) {
        utf8proc_int32_t code = 0;
        utf8proc_uint8_t bytes[8] = {0};
        text += utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &code);
        if (dice_roll(dice, 2) == 0) {
            code = utf8proc_toupper(code);
        }
        utf8proc_ssize_t size = utf8proc_encode_char(code, bytes);
        if (dice_roll(dice, 2) == 0) {
            utf8proc_uint8_t *apart = utf8proc_NFD(bytes);
            size = (utf8proc_ssize_t)strlen((char *)apart);
            memcpy(bytes, apart, (size_t)size);
            free(apart);
        }
        memcpy(other + length, bytes, (size_t)size);
        length += (size_t)size;
        if (code == ' ' && dice_roll(dice, 2) == 0) {
            other[length++] = ' ';
        }
    }
    return other;
}

static void
case_form_and_spaces_never_count(void **state)
{
    (void)state;
    static const char *const TERMS[] = {
        "reference count", "счётчик ссылок", "мой файл", "cyclic reference",
        "gc.collect()",    "сборщик мусора", "gil"};
    struct dice dice = {.seed = 7};
    for (int round = 0; round < 2000; round++) {
        size_t wanted = dice_roll(&dice, 7);
        char *typed = disguise(&dice, TERMS[wanted]);
        for (size_t i = 0; i < 7; i++) {
            if (words_answer_is(TERMS[i], typed) != (i == wanted)) {
                fail_msg("\"%s\" against \"%s\"", typed, TERMS[i]);
            }
        }
        free(typed);
    }
}

static void
no_bytes_are_too_broken_to_compare(void **state)
{
    (void)state;
    struct dice dice = {.seed = 8};
    for (int round = 0; round < 2000; round++) {
        char *text = dice_text(&dice, DICE_HARD_PIECES, dice_roll(&dice, 20));
        assert_false(words_answer_is("reference count", text));
        words_answer_is(text, text);
        free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(case_and_compatibility_forms_are_folded),
        cmocka_unit_test(both_unicode_forms_are_the_same),
        cmocka_unit_test(typographic_marks_become_plain_and_stress_goes),
        cmocka_unit_test(letters_of_the_wrong_alphabet_are_put_right),
        cmocka_unit_test(broken_bytes_become_the_replacement_character),
        cmocka_unit_test(folded_text_is_valid_and_stays_when_folded_again),
        cmocka_unit_test(what_grows_by_folding_finds_room),
        cmocka_unit_test(forms_of_a_word_have_one_stem),
        cmocka_unit_test(a_stem_without_room_is_cut),
        cmocka_unit_test(the_stemmers_come_back_when_needed),
        cmocka_unit_test(longer_words_forgive_more),
        cmocka_unit_test(mistyped_words_are_alike),
        cmocka_unit_test(what_differs_too_much_is_not_alike),
        cmocka_unit_test(words_that_are_easily_confused_are_not_alike),
        cmocka_unit_test(being_alike_goes_both_ways),
        cmocka_unit_test(an_answer_is_told_in_any_writing),
        cmocka_unit_test(another_answer_is_another),
        cmocka_unit_test(case_form_and_spaces_never_count),
        cmocka_unit_test(no_bytes_are_too_broken_to_compare),
    };
    int failed = cmocka_run_group_tests(cases, NULL, NULL);
    words_release();
    return failed;
}
