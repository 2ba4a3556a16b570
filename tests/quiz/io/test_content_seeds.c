#include "labs/testing.h"
#include "quiz/core/arena.h"
#include "quiz/io/content.h"
#include "tests/support/expected.h"

static int
load(const char *path, struct faults *faults)
{
    struct arena *arena = arena_new();
    struct seeds seeds;
    int result = content_load_seeds(path, arena, &seeds, faults, NULL);
    arena_free(arena);
    return result;
}

static void
good_files_have_no_faults(void **state)
{
    (void)state;
    int wrong = 0;
    assert_number(expected_good("tests/data/seeds/good", load, &wrong), 1);
    assert_number(wrong, 0);
}

static void
bad_files_have_the_faults_they_name(void **state)
{
    (void)state;
    int wrong = 0;
    assert_number(expected_bad("tests/data/seeds/bad", load, &wrong), 7);
    assert_number(wrong, 0);
}

static void
a_row_is_read_with_its_kind(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct seeds seeds;
    assert_number(content_load_seeds("tests/data/seeds/good/two_rows.yaml",
                                     arena, &seeds, NULL, NULL),
                  0);
    assert_number(seeds.count, 2);
    assert_text(seeds.items[0].id, "S001");
    assert_text(seed_kind_names()[seeds.items[0].kind], "follow-up");
    assert_text(seeds.items[1].topic, "asyncio");
    assert_null(seeds_find(&seeds, "S002"));
    assert_true(seeds_find(&seeds, "X42") == &seeds.items[1]);
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(good_files_have_no_faults),
        cmocka_unit_test(bad_files_have_the_faults_they_name),
        cmocka_unit_test(a_row_is_read_with_its_kind),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
