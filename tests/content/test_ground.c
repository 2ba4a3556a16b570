/* How much of the ground to cover has questions: says the totals. */
#include <stdio.h>

#include "labs/testing.h"
#include "quiz/core/arena.h"
#include "quiz/core/bank.h"
#include "quiz/core/coverage.h"
#include "quiz/core/error.h"
#include "quiz/io/content.h"

struct ground {
    struct arena *arena;
    struct bank *bank;
    struct seeds seeds;
    struct coverage coverage;
};

static int
enter(void **state)
{
    static struct ground ground;
    struct error err;
    ground = (struct ground){.arena = arena_new(), .bank = bank_new()};
    if (content_load_bank("content", ground.bank, NULL, &err) != 0 ||
        content_load_seeds("content/seeds.yaml", ground.arena, &ground.seeds,
                           NULL, &err) != 0) {
        fail_msg("%s", err.message);
    }
    coverage_init(&ground.coverage, ground.bank, &ground.seeds);
    *state = &ground;
    return 0;
}

static int
leave(void **state)
{
    struct ground *ground = *state;
    coverage_release(&ground->coverage);
    bank_free(ground->bank);
    arena_free(ground->arena);
    return 0;
}

static void
the_totals_are_told(void **state)
{
    const struct ground *ground = *state;
    for (int kind = 0; kind < SEED_KIND_COUNT; kind++) {
        size_t all = 0;
        size_t covered = 0;
        for (size_t i = 0; i < ground->coverage.count; i++) {
            const struct coverage_row *row = &ground->coverage.rows[i];
            all += row->seed->kind == kind;
            covered += row->seed->kind == kind && row->count > 0;
        }
        print_message("%-10s %4zu of %zu\n", seed_kind_names()[kind], covered,
                      all);
        assert_true(all > 0);
    }
    print_message("%zu of %zu rows that need a question have one\n",
                  ground->coverage.covered, ground->coverage.needed);
    assert_true(ground->coverage.needed > 400);
    assert_number(ground->coverage.covered, ground->coverage.needed);
}

static void
every_topic_of_the_questions_has_a_page(void **state)
{
    const struct ground *ground = *state;
    struct syllabus syllabus;
    struct error err;
    if (content_load_topics("content/topics.yaml", ground->arena, &syllabus,
                            NULL, &err) != 0) {
        fail_msg("%s", err.message);
    }
    for (size_t i = 0; i < bank_topic_count(ground->bank); i++) {
        const char *topic = bank_topic_at(ground->bank, i)->id;
        if (syllabus_find(&syllabus, topic) == NULL) {
            fail_msg("no page about '%s'", topic);
        }
    }
    for (size_t i = 0; i < ground->seeds.count; i++) {
        assert_non_null(
            syllabus_find(&syllabus, ground->seeds.items[i].topic));
    }
}

static void
every_term_is_of_a_topic(void **state)
{
    const struct ground *ground = *state;
    struct syllabus syllabus;
    struct glossary glossary;
    assert_number(content_load_topics("content/topics.yaml", ground->arena,
                                      &syllabus, NULL, NULL),
                  0);
    assert_number(content_load_glossary("content/glossary.yaml", ground->arena,
                                        &glossary, NULL, NULL),
                  0);
    assert_true(glossary.count >= 120);
    for (size_t i = 0; i < glossary.count; i++) {
        const char *topic = glossary.terms[i].topic;
        if (topic == NULL || syllabus_find(&syllabus, topic) == NULL) {
            fail_msg("'%s' is of no topic", glossary.terms[i].id);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(the_totals_are_told),
        cmocka_unit_test(every_topic_of_the_questions_has_a_page),
        cmocka_unit_test(every_term_is_of_a_topic),
    };
    return cmocka_run_group_tests(cases, enter, leave);
}
