/* The rubrics grade as their authors say: every example, both model answers
 * of both languages (nearly full marks, nothing misunderstood), and the
 * question itself (nothing). */
#include "labs/testing.h"
#include "quiz/core/arena.h"
#include "quiz/core/bank.h"
#include "quiz/core/error.h"
#include "quiz/core/question.h"
#include "quiz/core/rubric.h"
#include "quiz/io/content.h"

static struct bank *bank;
static struct arena *arena;
static struct scorer *scorer;

static int
load(void **state)
{
    static struct synonyms synonyms;
    struct error err;
    (void)state;
    bank = bank_new();
    arena = arena_new();
    if (content_load_bank("content", bank, NULL, &err) != 0 ||
        content_load_synonyms("content/synonyms.yaml", arena, &synonyms, NULL,
                              &err) != 0) {
        print_error("%s\n", err.message);
        return -1;
    }
    scorer = scorer_new(&synonyms);
    return 0;
}

static int
unload(void **state)
{
    (void)state;
    scorer_free(scorer);
    arena_free(arena);
    bank_free(bank);
    return 0;
}

static struct assessment
assess(const struct question *question, enum lang lang, const char *text)
{
    struct assessment assessment;
    struct error err;
    if (scorer_assess(scorer, question, lang, text, &assessment, &err) != 0) {
        fail_msg("%s: %s", question->id, err.message);
    }
    return assessment;
}

static bool
lists(const struct strings *strings, const char *wanted)
{
    for (size_t i = 0; i < strings->count; i++) {
        if (strcmp(strings->items[i], wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* How many of the example's labels the scorer gets wrong; says which. */
static int
count_wrong(const struct question *question,
            const struct rubric_example *example)
{
    const struct rubric *rubric = &question->open.rubric;
    struct assessment got = assess(question, example->lang, example->text);
    int wrong = 0;
    for (size_t i = 0; i < rubric->key_point_count; i++) {
        const char *id = rubric->key_points[i].id;
        bool wanted = lists(&example->covers, id);
        if (wanted != (got.points[i].finding == FINDING_FOUND)) {
            print_error("%s: %s %s is %s\n  in: %s\n", question->id, "point",
                        id, wanted ? "missed" : "found", example->text);
            wrong++;
        }
    }
    for (size_t i = 0; i < rubric->misconception_count; i++) {
        const char *id = rubric->misconceptions[i].id;
        bool wanted = lists(&example->misconceptions, id);
        if (wanted != got.misconceptions[i].held) {
            print_error(
                "%s: %s %s is %s (%.*s)\n  in: %s\n", question->id,
                "misconception", id, wanted ? "missed" : "found",
                (int)(got.misconceptions[i].to - got.misconceptions[i].from),
                example->text + got.misconceptions[i].from, example->text);
            wrong++;
        }
    }
    if (got.level < example->level_low - 0.5 ||
        got.level > example->level_high + 0.5) {
        print_error("%s: level %.2f, not %d to %d\n  in: %s\n", question->id,
                    got.level, example->level_low, example->level_high,
                    example->text);
        wrong++;
    }
    assessment_release(&got);
    return wrong;
}

static void
examples_are_graded_as_their_authors_say(void **state)
{
    (void)state;
    int wrong = 0;
    int examples = 0;
    for (size_t i = 0; i < bank_count(bank); i++) {
        const struct question *question = bank_at(bank, i);
        for (size_t e = 0; question->kind == QUESTION_OPEN &&
                           e < question->open.rubric.example_count;
             e++) {
            wrong += count_wrong(question, &question->open.rubric.examples[e]);
            examples++;
        }
    }
    print_message("%d examples, %d labels wrong\n", examples, wrong);
    assert_true(examples > 0);
    assert_number(wrong, 0);
}

static int
model_is_wrong(const struct question *question, enum lang lang,
               const struct bilingual *model)
{
    struct assessment got = assess(question, lang, model->in[lang]);
    int wrong = got.level < 3.5;
    for (size_t i = 0; i < got.misconception_count; i++) {
        wrong |= got.misconceptions[i].held;
    }
    if (wrong) {
        print_error("%s: the model answer (%s) has level %.2f\n", question->id,
                    lang_name(lang), got.level);
    }
    assessment_release(&got);
    return wrong;
}

static void
model_answers_are_full_marks(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < bank_count(bank); i++) {
        const struct question *question = bank_at(bank, i);
        for (int lang = 0;
             question->kind == QUESTION_OPEN && lang < LANG_COUNT; lang++) {
            wrong += model_is_wrong(question, (enum lang)lang,
                                    &question->open.model_short);
            wrong += model_is_wrong(question, (enum lang)lang,
                                    &question->open.model_long);
        }
    }
    assert_number(wrong, 0);
}

static void
the_question_is_no_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < bank_count(bank); i++) {
        const struct question *question = bank_at(bank, i);
        for (int lang = 0;
             question->kind == QUESTION_OPEN && lang < LANG_COUNT; lang++) {
            struct assessment got =
                assess(question, (enum lang)lang, question->ask.in[lang]);
            assert_true(got.level == 0);
            assessment_release(&got);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(examples_are_graded_as_their_authors_say),
        cmocka_unit_test(model_answers_are_full_marks),
        cmocka_unit_test(the_question_is_no_answer),
    };
    return cmocka_run_group_tests(cases, load, unload);
}
