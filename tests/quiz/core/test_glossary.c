#include "labs/testing.h"
#include "quiz/core/glossary.h"

static const char *const ALSO[] = {"refcount"};
static const char *const AVOID[] = {"рефкаунт*", "ссылочн* счетчик*"};
static const struct term TERMS[] = {
    {.id = "reference-count",
     .name = {{"reference count", "счётчик ссылок"}},
     .also[LANG_EN] = {ALSO, 1},
     .avoid[LANG_RU] = {AVOID, 2}},
    {.id = "gil", .name = {{"GIL", "GIL"}}}};
static const struct glossary GLOSSARY = {TERMS, 2};

static void
a_term_is_found_by_any_of_its_names(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"reference-count", "Reference count",
                                        "СЧЕТЧИК ССЫЛОК", "счётчик ссылок",
                                        "refcount"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++) {
        assert_true(glossary_find(&GLOSSARY, NAMES[i]) == &TERMS[0]);
    }
    assert_null(glossary_find(&GLOSSARY, "reference"));
    assert_text(glossary_suggest(&GLOSSARY, "referense count"),
                "reference count");
}

static void
expect_avoided(const char *said, const char *form)
{
    const struct term *term = NULL;
    const char *found = glossary_avoided(&GLOSSARY, LANG_RU, said, &term);
    if (form == NULL) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_text(found, form);
    assert_true(term == &TERMS[0]);
}

static void
forms_to_avoid_are_found_as_whole_words(void **state)
{
    (void)state;
    expect_avoided("У объекта есть рефкаунт.", AVOID[0]);
    expect_avoided("Рефкаунтом", AVOID[0]);
    expect_avoided("Ссылочного  счётчика нет", AVOID[1]);
    expect_avoided("антирефкаунт", NULL);
    expect_avoided("ссылочный и счётчик", NULL);
    expect_avoided("", NULL);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_term_is_found_by_any_of_its_names),
        cmocka_unit_test(forms_to_avoid_are_found_as_whole_words),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
