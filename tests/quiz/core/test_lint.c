/* What is about several questions, or needs a whole bank. Each rule by itself
 * is tried with files: tests/quiz/io/test_content_lint.c. */
#include <stdio.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/arena.h"
#include "quiz/core/bank.h"
#include "quiz/core/lint.h"
#include "quiz/core/passage.h"
#include "quiz/core/question.h"
#include "quiz/core/text.h"

static const struct bilingual LONG = {
    {"Each name and each container holds a reference of its own, and the last "
     "one frees it.",
     "Каждое имя и каждый контейнер держат свою ссылку, и последняя из них "
     "освобождает объект."}};
static const char *const SEES[] = {"Python/gc.c"};

static struct question *
add(struct bank *bank, const char *id, const char *ask, const char *russian)
{
    struct question *question =
        arena_take(bank_arena(bank), sizeof(*question));
    *question = (struct question){.id = id,
                                  .topic = "gc",
                                  .file = "03_gc.yaml",
                                  .kind = QUESTION_OPEN,
                                  .ask = {{ask, russian}},
                                  .explain = LONG,
                                  .why_asked = LONG,
                                  .see = {SEES, 1},
                                  .seconds = 60};
    question->open.model_short = LONG;
    question->open.model_long = LONG;
    question->open.at_interview = LONG;
    assert_number(bank_add(bank, question, NULL), 0);
    return question;
}

static void
note(const struct lint_finding *finding, void *data)
{
    text_add_format(data, "%s:%s ", finding->rule,
                    finding->question != NULL ? finding->question->id : "-");
}

/* What is said about the bank, but for the rubrics, which are thin here. */
static void
expect(struct bank *bank, bool is_whole, const char *expected)
{
    struct text all = {0};
    struct text kept = {0};
    char *rest = NULL;
    struct lint_context context = {.bank = bank, .is_whole = is_whole};
    lint_bank(&context, note, &all);
    char *copy = text_steal(&all);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        if (strncmp(word, "rubric:", 7) != 0) {
            text_add_format(&kept, "%s ", word);
        }
    }
    assert_text(text_string(&kept), expected);
    text_release(&kept);
    free(copy);
}

static void
a_follow_up_that_nothing_leads_to_is_an_orphan(void **state)
{
    (void)state;
    static const struct follow_up TO_LEAD[] = {{"led", "always"}};
    static const struct follow_up TO_SELF[] = {{"lost-two", "always"}};
    static const struct follow_up BACK[] = {{"lost-one", "always"}};
    struct bank *bank = bank_new();
    struct question *main_one =
        add(bank, "main", "How are cycles found here?", "Как найти циклы?");
    main_one->open.follow_ups = TO_LEAD;
    main_one->open.follow_up_count = 1;
    add(bank, "led", "What do thresholds say?", "О чём говорят пороги?")
        ->open.follow_up_only = true;
    struct question *one =
        add(bank, "lost-one", "Who frees a lock?", "Кто отпустит замок?");
    one->open.follow_up_only = true;
    one->open.follow_ups = TO_SELF;
    one->open.follow_up_count = 1;
    struct question *two =
        add(bank, "lost-two", "Where is memory kept?", "Где лежит память?");
    two->open.follow_up_only = true;
    two->open.follow_ups = BACK;
    two->open.follow_up_count = 1;
    expect(bank, true, "orphan:lost-one orphan:lost-two ");
    expect(bank, false, "");
    bank_free(bank);
}

static void
a_follow_up_that_is_not_ready_is_told(void **state)
{
    (void)state;
    static const struct follow_up FOLLOW[] = {{"draft", "always"}};
    struct bank *bank = bank_new();
    struct question *one =
        add(bank, "main", "How are cycles found here?", "Как найти циклы?");
    one->open.follow_ups = FOLLOW;
    one->open.follow_up_count = 1;
    add(bank, "draft", "What do thresholds say?", "О чём говорят пороги?")
        ->status = STATUS_DRAFT;
    expect(bank, true, "follow-up:main ");
    bank_free(bank);
}

static void
twins_are_told_at_the_later_one(void **state)
{
    (void)state;
    struct bank *bank = bank_new();
    add(bank, "one", "How does the collector find its cycles?", "Как найти?");
    add(bank, "two", "Who frees the memory of a list?", "Кто освободит?");
    add(bank, "three", "How does the Collector find its cycles", "Как же?");
    expect(bank, true, "twin:three ");
    bank_free(bank);
}

static void
what_is_retired_is_left_alone(void **state)
{
    (void)state;
    struct bank *bank = bank_new();
    add(bank, "one", "How does  the collector work?", "Как он работает?");
    add(bank, "two", "How does  the collector work?", "Как  он работает?")
        ->status = STATUS_RETIRED;
    expect(bank, true, "spaces:one ");
    bank_free(bank);
}

static void
a_hash_changes_with_a_word_of_its_language(void **state)
{
    (void)state;
    char before[PASSAGE_HASH_BYTES];
    char after[PASSAGE_HASH_BYTES];
    struct bank *bank = bank_new();
    struct question *one = add(bank, "one", "Is it so?", "Так ли это?");
    passage_hash(one, LANG_EN, before);
    one->ask.in[LANG_RU] = "Это так?";
    passage_hash(one, LANG_EN, after);
    assert_text(after, before);
    one->ask.in[LANG_EN] = "Is it  so?";
    passage_hash(one, LANG_EN, after);
    assert_true(strcmp(after, before) != 0);
    bank_free(bank);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_follow_up_that_nothing_leads_to_is_an_orphan),
        cmocka_unit_test(a_follow_up_that_is_not_ready_is_told),
        cmocka_unit_test(twins_are_told_at_the_later_one),
        cmocka_unit_test(what_is_retired_is_left_alone),
        cmocka_unit_test(a_hash_changes_with_a_word_of_its_language),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
