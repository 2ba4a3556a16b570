#include "grader/verdict.h"
#include "labs/testing.h"

/* The names that programs read, in the order of the header. */
static const char *const NAMES[] = {
    "pass",          "partial",     "fail",          "crashed",   "leaked",
    "sanitizer",     "over_output", "over_memory",   "timed_out", "link_error",
    "compile_error", "forbidden",   "internal_error"};

static void
every_verdict_has_the_name_that_programs_know(void **state)
{
    (void)state;
    assert_number(sizeof(NAMES) / sizeof(*NAMES), VERDICT_COUNT);
    for (int i = 0; i < VERDICT_COUNT; i++) {
        assert_text(verdict_name((enum verdict)i), NAMES[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(every_verdict_has_the_name_that_programs_know),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
