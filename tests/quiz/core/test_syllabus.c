#include "labs/testing.h"
#include "quiz/core/syllabus.h"

static void
a_chapter_is_found_by_its_topic(void **state)
{
    (void)state;
    static const struct chapter CHAPTERS[] = {{.topic = "gc"},
                                              {.topic = "gil"}};
    static const struct syllabus SYLLABUS = {CHAPTERS, 2};
    assert_true(syllabus_find(&SYLLABUS, "gil") == &CHAPTERS[1]);
    assert_null(syllabus_find(&SYLLABUS, "g"));
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_chapter_is_found_by_its_topic),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
