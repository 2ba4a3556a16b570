#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "quiz/core/lang.h"

#include <cmocka.h>

static void
names_are_read_as_locales_spell_them(void **state)
{
    (void)state;
    enum lang lang = LANG_EN;
    assert_int_equal(lang_from_name("ru", &lang), 0);
    assert_int_equal(lang, LANG_RU);
    assert_int_equal(lang_from_name("en_GB.UTF-8", &lang), 0);
    assert_int_equal(lang, LANG_EN);
    assert_int_equal(lang_from_name("ru:en", &lang), 0);
    assert_int_equal(lang, LANG_RU);
    assert_int_equal(lang_from_name("ru_RU.UTF-8", &lang), 0);
    assert_int_equal(lang, LANG_RU);
}

static void
other_names_leave_the_language_alone(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"", "r", "rus", "de", "C", "RU"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++) {
        enum lang lang = LANG_RU;
        assert_int_equal(lang_from_name(NAMES[i], &lang), -1);
        assert_int_equal(lang, LANG_RU);
    }
}

static void
text_without_a_catalogue_stays_english(void **state)
{
    (void)state;
    lang_choose(LANG_RU, NULL);
    assert_int_equal(lang_current(), LANG_RU);
    assert_string_equal(tr("no such text"), "no such text");
    assert_string_equal(trn("one", "many", 1), "one");
    assert_string_equal(trn("one", "many", 5), "many");
    lang_choose(LANG_EN, NULL);
}

int
main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(names_are_read_as_locales_spell_them),
        cmocka_unit_test(other_names_leave_the_language_alone),
        cmocka_unit_test(text_without_a_catalogue_stays_english),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
