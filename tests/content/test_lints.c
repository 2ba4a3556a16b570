/* What the editor's rules find in the questions: nothing, but for labs that
 * questions lead to and that are still to come. */
#include <jansson.h>
#include <string.h>

#include "labs/testing.h"
#include "tests/support/program.h"
#include "tests/support/tempdir.h"

static bool
is_of_rule(const char *message, const char *rule)
{
    size_t length = strlen(message);
    return length > strlen(rule) &&
           strcmp(message + length - strlen(rule), rule) == 0;
}

static void
the_questions_follow_all_rules(void **state)
{
    (void)state;
    char *profile = tempdir_make();
    struct program_result result =
        program_line(NULL, "ouro content check --json --profile %s", profile);
    json_t *report = json_loads(result.out, 0, NULL);
    assert_non_null(report);
    int found = 0;
    size_t index = 0;
    json_t *fault = NULL;
    json_array_foreach(json_object_get(report, "faults"), index, fault)
    {
        const char *message =
            json_string_value(json_object_get(fault, "message"));
        assert_non_null(message);
        if (!is_of_rule(message, "[lab]")) {
            print_error(
                "%s:%d: %s\n",
                json_string_value(json_object_get(fault, "file")),
                (int)json_integer_value(json_object_get(fault, "line")),
                message);
            found++;
        }
    }
    assert_number(found, 0);
    assert_true(json_integer_value(json_object_get(report, "questions")) >=
                400);
    assert_number(result.status, 0);
    json_decref(report);
    program_release(&result);
    tempdir_remove(profile);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_questions_follow_all_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
