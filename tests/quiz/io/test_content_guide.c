/* topics.yaml and glossary.yaml: files that are right and files that are not
 * (tests/support/expected.h). */
#include "labs/testing.h"
#include "quiz/core/arena.h"
#include "quiz/io/content.h"
#include "tests/support/expected.h"

static int
load_topics(const char *path, struct faults *faults)
{
    struct arena *arena = arena_new();
    struct syllabus syllabus;
    int result = content_load_topics(path, arena, &syllabus, faults, NULL);
    arena_free(arena);
    return result;
}

static int
load_glossary(const char *path, struct faults *faults)
{
    struct arena *arena = arena_new();
    struct glossary glossary;
    int result = content_load_glossary(path, arena, &glossary, faults, NULL);
    arena_free(arena);
    return result;
}

static void
good_files_have_no_faults(void **state)
{
    (void)state;
    int wrong = 0;
    assert_number(expected_good("tests/data/topics/good", load_topics, &wrong),
                  1);
    assert_number(
        expected_good("tests/data/glossary/good", load_glossary, &wrong), 1);
    assert_number(wrong, 0);
}

static void
bad_files_have_the_faults_they_name(void **state)
{
    (void)state;
    int wrong = 0;
    assert_number(expected_bad("tests/data/topics/bad", load_topics, &wrong),
                  4);
    assert_number(
        expected_bad("tests/data/glossary/bad", load_glossary, &wrong), 5);
    assert_number(wrong, 0);
}

static void
a_topic_is_read_with_its_needs(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct syllabus syllabus;
    assert_number(content_load_topics("tests/data/topics/good/two.yaml", arena,
                                      &syllabus, NULL, NULL),
                  0);
    const struct chapter *two = syllabus_find(&syllabus, "two");
    assert_non_null(two);
    assert_text(two->needs.items[0], "one");
    assert_text(two->summary.in[LANG_RU], "Вторая");
    assert_null(syllabus_find(&syllabus, "three"));
    arena_free(arena);
}

static void
a_term_is_read_with_its_forms(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct glossary glossary;
    assert_number(content_load_glossary("tests/data/glossary/good/two.yaml",
                                        arena, &glossary, NULL, NULL),
                  0);
    const struct term *one = glossary_find(&glossary, "единица");
    assert_non_null(one);
    assert_text(one->id, "one");
    assert_number(one->also[LANG_EN].count, 2);
    assert_text(one->avoid[LANG_RU].items[0], "ван*");
    assert_text(one->topic, "gc");
    assert_text(one->see.items[0], "two");
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(good_files_have_no_faults),
        cmocka_unit_test(bad_files_have_the_faults_they_name),
        cmocka_unit_test(a_topic_is_read_with_its_needs),
        cmocka_unit_test(a_term_is_read_with_its_forms),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
