#include <stdio.h>

#include "labs/testing.h"
#include "quiz/core/passage.h"
#include "quiz/core/question.h"
#include "quiz/core/text.h"

static void
add_path(const struct passage *passage, void *data)
{
    text_add_format(data, "%s=%s ", passage->path, passage->text.in[LANG_EN]);
}

static void
expect_passages(const struct question *question, const char *expected)
{
    struct text text = {0};
    passage_each(question, add_path, &text);
    assert_string_equal(text_string(&text), expected);
    text_release(&text);
}

static void
what_is_not_there_is_no_passage(void **state)
{
    (void)state;
    struct question question = {
        .kind = QUESTION_NUMBER, .ask = {{"a", "b"}}, .explain = {{"e", "f"}}};
    expect_passages(&question, "ask=a explain=e ");
}

static void
every_option_has_a_text_and_a_why(void **state)
{
    (void)state;
    const struct choice_option options[] = {
        {{{"one", "один"}}, true, {{"yes", "да"}}, NULL},
        {{{"two", "два"}}, false, {{"no", "нет"}}, NULL}};
    const struct bilingual mistakes[] = {{{"m", "n"}}};
    struct question question = {.kind = QUESTION_CHOICE,
                                .ask = {{"a", "b"}},
                                .mistakes = mistakes,
                                .mistake_count = 1,
                                .choice = {options, 2, true}};
    expect_passages(&question,
                    "ask=a options[0]=one options[0].why=yes options[1]=two "
                    "options[1].why=no mistakes[0]=m ");
}

static void
an_open_question_shows_its_rubric_and_models(void **state)
{
    (void)state;
    const struct key_point points[] = {
        {.text = {{"claim", "тезис"}}, .hint = {{"hint", "вопрос"}}}};
    const struct misconception wrongs[] = {
        {.text = {{"wrong", "ошибка"}}, .say = {{"say", "скажи"}}}};
    struct question question = {.kind = QUESTION_OPEN,
                                .open = {.rubric = {.key_points = points,
                                                    .key_point_count = 1,
                                                    .misconceptions = wrongs,
                                                    .misconception_count = 1},
                                         .model_short = {{"short", "коротко"}},
                                         .model_long = {{"long", "долго"}}}};
    expect_passages(&question, "rubric.key_points[0].text=claim "
                               "rubric.key_points[0].hint=hint "
                               "rubric.misconceptions[0].text=wrong "
                               "rubric.misconceptions[0].say=say "
                               "model.short=short model.long=long ");
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(what_is_not_there_is_no_passage),
        cmocka_unit_test(every_option_has_a_text_and_a_why),
        cmocka_unit_test(an_open_question_shows_its_rubric_and_models),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
