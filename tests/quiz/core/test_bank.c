#include <stdio.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/arena.h"
#include "quiz/core/bank.h"
#include "quiz/core/error.h"
#include "quiz/core/question.h"

/* A question in the bank's arena, not added. */
static struct question *
make(struct bank *bank, const char *id, int line)
{
    struct arena *arena = bank_arena(bank);
    struct question *question = arena_take(arena, sizeof(*question));
    question->id = arena_string(arena, id, strlen(id));
    question->topic = "gc";
    question->file = "questions/03_gc.yaml";
    question->line = line;
    return question;
}

static struct bank *
filled(int count)
{
    struct bank *bank = bank_new();
    for (int i = 0; i < count; i++) {
        char id[32];
        snprintf(id, sizeof(id), "question-%d", i);
        assert_int_equal(bank_add(bank, make(bank, id, i + 1), NULL), 0);
    }
    return bank;
}

static void
an_empty_bank_holds_and_finds_nothing(void **state)
{
    (void)state;
    struct bank *bank = bank_new();
    assert_number(bank_count(bank), 0);
    assert_number(bank_topic_count(bank), 0);
    assert_null(bank_find(bank, "gc-a"));
    assert_null(bank_find_topic(bank, "gc"));
    assert_null(bank_suggest(bank, "gc-a"));
    assert_null(bank_suggest_topic(bank, "gc"));
    bank_free(bank);
    bank_free(NULL);
}

static void
every_question_is_found_and_keeps_its_place(void **state)
{
    (void)state;
    enum {
        MANY = 1000
    };
    struct bank *bank = filled(MANY);
    assert_number(bank_count(bank), MANY);
    for (int i = 0; i < MANY; i++) {
        char id[32];
        snprintf(id, sizeof(id), "question-%d", i);
        const struct question *found = bank_find(bank, id);
        assert_non_null(found);
        assert_text(found->id, id);
        assert_ptr_equal(found, bank_at(bank, (size_t)i));
    }
    assert_null(bank_find(bank, "question-1000"));
    assert_null(bank_find(bank, "question"));
    assert_null(bank_find(bank, ""));
    bank_free(bank);
}

static void
an_id_that_is_taken_is_refused_and_located(void **state)
{
    (void)state;
    struct bank *bank = filled(100);
    struct error err;
    assert_number(bank_add(bank, make(bank, "question-41", 7), &err), -1);
    assert_number(err.status, EXIT_STATUS_CONTENT);
    assert_contains(err.message, "'question-41'");
    assert_contains(err.message, "questions/03_gc.yaml:42");
    assert_number(bank_count(bank), 100);
    assert_number(bank_find(bank, "question-41")->line, 42);
    bank_free(bank);
}

static void
topics_keep_their_order_and_are_unique(void **state)
{
    (void)state;
    static const struct topic GC = {.id = "gc",
                                    .file = "questions/03_gc.yaml"};
    static const struct topic GIL = {.id = "gil"};
    struct bank *bank = bank_new();
    struct error err;
    assert_number(bank_add_topic(bank, &GIL, &err), 0);
    assert_number(bank_add_topic(bank, &GC, &err), 0);
    assert_number(bank_add_topic(bank, &GC, &err), -1);
    assert_contains(err.message, "'gc'");
    assert_contains(err.message, "questions/03_gc.yaml");
    assert_number(bank_topic_count(bank), 2);
    assert_ptr_equal(bank_topic_at(bank, 0), &GIL);
    assert_ptr_equal(bank_topic_at(bank, 1), &GC);
    assert_ptr_equal(bank_find_topic(bank, "gc"), &GC);
    assert_null(bank_find_topic(bank, "g"));
    assert_text(bank_suggest_topic(bank, "gill"), "gil");
    bank_free(bank);
}

static void
a_mistyped_id_suggests_the_nearest(void **state)
{
    (void)state;
    struct bank *bank = bank_new();
    bank_add(bank, make(bank, "gc-why-cycles", 1), NULL);
    bank_add(bank, make(bank, "gc-generations", 2), NULL);
    assert_text(bank_suggest(bank, "gc-why-cicles"), "gc-why-cycles");
    assert_text(bank_suggest(bank, "gc-generation"), "gc-generations");
    assert_null(bank_suggest(bank, "asyncio-gather"));
    bank_free(bank);
}

static void
fill_ask(void *data, size_t place, struct question *question)
{
    int *filled = data;
    ++*filled;
    question->ask.in[LANG_EN] = place == 1 ? "second" : "first";
}

static void
a_brief_question_is_filled_in_once_when_it_is_asked_for(void **state)
{
    (void)state;
    int filled = 0;
    struct bank *bank = bank_new();
    struct question questions[] = {{.id = "a"}, {.id = "b"}};
    bank_set_filler(bank, fill_ask, &filled);
    assert_int_equal(bank_add_brief(bank, &questions[0], NULL), 0);
    assert_int_equal(bank_add_brief(bank, &questions[1], NULL), 0);
    assert_int_equal(bank_add_brief(bank, &questions[1], NULL), -1);
    assert_string_equal(bank_brief(bank, 1)->id, "b");
    assert_int_equal(filled, 0);
    assert_string_equal(bank_find(bank, "b")->ask.in[LANG_EN], "second");
    assert_ptr_equal(bank_at(bank, 1), bank_brief(bank, 1));
    assert_int_equal(filled, 1);
    assert_string_equal(bank_at(bank, 0)->ask.in[LANG_EN], "first");
    bank_free(bank);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(
            a_brief_question_is_filled_in_once_when_it_is_asked_for),
        cmocka_unit_test(an_empty_bank_holds_and_finds_nothing),
        cmocka_unit_test(every_question_is_found_and_keeps_its_place),
        cmocka_unit_test(an_id_that_is_taken_is_refused_and_located),
        cmocka_unit_test(topics_keep_their_order_and_are_unique),
        cmocka_unit_test(a_mistyped_id_suggests_the_nearest),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
