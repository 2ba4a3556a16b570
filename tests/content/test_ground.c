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
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(the_totals_are_told),
    };
    return cmocka_run_group_tests(cases, enter, leave);
}
