#include "labs/testing.h"
#include "quiz/core/question.h"

static void
every_kind_is_known_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < QUESTION_KIND_COUNT; i++) {
        enum question_kind kind = QUESTION_KIND_COUNT;
        const char *name = question_kind_name((enum question_kind)i);
        assert_ptr_equal(name, question_kind_names()[i]);
        assert_number(question_kind_from_name(name, &kind), 0);
        assert_number(kind, i);
    }
}

static void
every_level_is_known_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < LEVEL_COUNT; i++) {
        enum level level = LEVEL_COUNT;
        const char *name = level_name((enum level)i);
        assert_ptr_equal(name, level_names()[i]);
        assert_number(level_from_name(name, &level), 0);
        assert_number(level, i);
    }
}

static void
an_unknown_name_leaves_the_value_alone(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"",        "Choice", "choices",
                                        "choice ", "junio",  "JUNIOR"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++) {
        enum question_kind kind = QUESTION_MATCH;
        enum level level = LEVEL_SENIOR;
        assert_number(question_kind_from_name(NAMES[i], &kind), -1);
        assert_number(level_from_name(NAMES[i], &level), -1);
        assert_number(kind, QUESTION_MATCH);
        assert_number(level, LEVEL_SENIOR);
    }
}

/* Files, options and documents hold these words: none may change. */
static void
the_names_are_those_of_the_files(void **state)
{
    (void)state;
    assert_text(question_kind_name(QUESTION_TRUE_FALSE), "true_false");
    assert_text(question_kind_name(QUESTION_SHORT), "short");
    assert_text(question_kind_name(QUESTION_OPEN), "open");
    assert_text(level_name(LEVEL_JUNIOR), "junior");
    assert_text(status_name(STATUS_READY), "ready");
    assert_text(status_name(STATUS_RETIRED), "retired");
    assert_text(status_names()[STATUS_DRAFT], "draft");
    assert_text(code_lang_names()[CODE_PYTHON], "python");
    assert_text(code_lang_names()[CODE_TEXT], "text");
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(every_kind_is_known_by_its_name),
        cmocka_unit_test(every_level_is_known_by_its_name),
        cmocka_unit_test(an_unknown_name_leaves_the_value_alone),
        cmocka_unit_test(the_names_are_those_of_the_files),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
