#include <stdio.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/question.h"
#include "quiz/io/content_place.h"
#include "tests/support/tempdir.h"

static const char FILE_TEXT[] = "questions:\n"
                                "  - id: one\n"
                                "    ask: {en: First, ru: Первый}\n"
                                "  - id: two\n"
                                "    ask: {en: Ёж, ru: Второй}\n"
                                "    options:\n"
                                "      - {en: A, ru: Б}\n"
                                "      - en: C\n"
                                "        ru: Г\n"
                                "        why: {en: Because, ru: Потому}\n";

static void
expect_place(const char *id, const char *path, int line, int column)
{
    char *folder = tempdir_make();
    free(tempdir_write(folder, "f.yaml", FILE_TEXT));
    struct content_places *places = content_places_new(folder);
    struct question question = {.id = id, .file = "f.yaml", .line = 99};
    struct content_place place = content_place_find(places, &question, path);
    if (place.line != line || place.column != column) {
        fail_msg("%s %s: at %d:%d", id, path, place.line, place.column);
    }
    content_places_free(places);
    tempdir_remove(folder);
}

static void
a_part_is_found_by_its_path(void **state)
{
    (void)state;
    expect_place("one", "", 2, 5);
    expect_place("one", "ask.ru", 3, 26);
    expect_place("two", "ask.ru", 5, 23);
    expect_place("two", "options[0].ru", 7, 21);
    expect_place("two", "options[1].why.en", 10, 19);
}

static void
what_is_not_there_is_where_it_would_belong(void **state)
{
    (void)state;
    expect_place("two", "options[7].why", 7, 7);
    expect_place("two", "ask.de", 5, 10);
    expect_place("two", "proof.code", 4, 5);
    expect_place("three", "ask.ru", 99, 1);
}

static void
a_file_that_is_gone_leaves_the_line_of_the_question(void **state)
{
    (void)state;
    struct content_places *places = content_places_new("nowhere");
    struct question question = {.id = "one", .file = "f.yaml", .line = 7};
    struct content_place place = content_place_find(places, &question, "ask");
    assert_int_equal(place.line, 7);
    assert_int_equal(place.column, 1);
    content_places_free(places);
    content_places_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_part_is_found_by_its_path),
        cmocka_unit_test(what_is_not_there_is_where_it_would_belong),
        cmocka_unit_test(a_file_that_is_gone_leaves_the_line_of_the_question),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
