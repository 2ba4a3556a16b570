/* Gradings that were stood by for, of a lab as it was built: told like all
 * others. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grader/buffer.h"
#include "grader/grade.h"
#include "grader/manifest.h"
#include "labs/testing.h"
#include "tests/support/workshop.h"

/* All that a person reads of a verdict. */
static void
describe(const struct grade_result *result, struct buffer *text)
{
    buffer_format(text, "%s %d/%d %s\n", verdict_name(result->verdict),
                  result->score, result->max_score, result->reason);
    for (size_t i = 0; i < result->message_count; i++) {
        const struct grade_message *message = &result->messages[i];
        buffer_format(text, "%d:%d %s %s\n", message->line, message->column,
                      message->text, message->excerpt);
    }
    for (size_t i = 0; i < result->case_count; i++) {
        const struct grade_case *one = &result->cases[i];
        buffer_format(text, "%s %d %d %s %s\n", one->name, (int)one->state,
                      one->points, verdict_name(one->verdict), one->detail);
    }
}

static void
grade(struct grade_standby **standby, struct buffer *text)
{
    struct grade_task task = workshop_task();
    struct grade_result result;
    char reason[512] = "";
    task.standby = standby;
    if (grade_file(&task, &result, reason, sizeof(reason)) != 0) {
        fail_msg("%s", reason);
    }
    describe(&result, text);
    grade_release(&result);
}

/* Lets it stand by for the reference, and then saves this. */
static void
check(const char *text, const char *expected)
{
    struct buffer awaited = {0};
    struct buffer at_once = {0};
    const struct grade_task task = workshop_task();
    workshop_save(workshop.right);
    struct grade_standby *standby = grade_stand_by(&task);
    assert_non_null(standby);
    workshop_save(text);
    grade(&standby, &awaited);
    assert_null(standby);
    grade(NULL, &at_once);
    assert_text(buffer_string(&awaited), buffer_string(&at_once));
    if (strstr(buffer_string(&awaited), expected) == NULL) {
        fail_msg("no %s: %s", expected, buffer_string(&awaited));
    }
    buffer_release(&awaited);
    buffer_release(&at_once);
}

static void
check_with(const char *piece, const char *other, const char *expected)
{
    char *text = workshop_with(piece, other);
    check(text, expected);
    free(text);
}

#define INCREF "void\nrt_incref(struct rt_object *object)\n{\n"

static void
verdicts_are_the_same(void **state)
{
    (void)state;
    check(workshop.right, "pass ");
    check_with(INCREF, INCREF "    return;\n", "fail ");
    check_with(INCREF, INCREF "    object = NULL;\n", "sanitizer");
    check_with(INCREF, INCREF "    while (object) {\n    }\n", "timed_out");
    check_with("rt_incref(", "rt_increment(", "link_error ");
    check_with(INCREF, INCREF "    (void)getpid();\n", "forbidden ");
    check_with(INCREF, INCREF "    int missing;\n    (void)missing\n",
               "compile_error ");
    check_with("#include <assert.h>", "#include <asset.h>", "compile_error ");
    check("", "link_error ");
}

/* A lab whose manifest this is passes with its reference. */
static void
check_lab(const char *path)
{
    struct manifest manifest;
    struct grade_task task = workshop_task();
    struct grade_result result;
    char reason[512] = "";
    assert_number(manifest_read(&manifest, path, reason, sizeof(reason)), 0);
    task.lab_id = manifest.lab;
    char *part = NULL;
    assert_true(asprintf(&part, "labs/runtime/%s", manifest.replaces) > 0);
    task.file = part;
    struct grade_standby *standby = grade_stand_by(&task);
    assert_non_null(standby);
    task.standby = &standby;
    assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
    assert_null(standby);
    if (result.verdict != VERDICT_PASS) {
        fail_msg("%s: %s", manifest.lab, verdict_name(result.verdict));
    }
    grade_release(&result);
    manifest_release(&manifest);
    free(part);
}

static void
every_lab_can_stand_by(void **state)
{
    (void)state;
    glob_t found = {0};
    char *pattern = NULL;
    assert_true(asprintf(&pattern, "%s/*/lab.manifest", workshop.artifacts) >
                0);
    assert_number(glob(pattern, 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 11);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        check_lab(found.gl_pathv[i]);
    }
    globfree(&found);
    free(pattern);
}

/* Its end is not where the compiler has got it. */
static void
a_missing_brace_has_its_line(void **state)
{
    (void)state;
    char *text = strdup(workshop.right);
    char *brace = strrchr(text, '}');
    assert_non_null(brace);
    *brace = ' ';
    check(text, "compile_error ");
    free(text);
}

static void
standing_by_for_nothing_leaves_nothing(void **state)
{
    (void)state;
    const struct grade_task task = workshop_task();
    workshop_save(workshop.right);
    grade_standby_free(grade_stand_by(&task));
    grade_standby_free(NULL);
}

/* A folder in place of the file: not even its beginning can be read. */
static void
there_is_none_without_a_file(void **state)
{
    (void)state;
    struct grade_task task = workshop_task();
    task.file = "/nowhere/object.c";
    assert_null(grade_stand_by(&task));
}

static void
other_dice_are_not_taken(void **state)
{
    (void)state;
    struct grade_task task = workshop_task();
    struct grade_result result;
    char reason[512] = "";
    workshop_save(workshop.right);
    struct grade_standby *standby = grade_stand_by(&task);
    task.standby = &standby;
    task.seed = WORKSHOP_SEED + 1;
    assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
    assert_true(result.seed == WORKSHOP_SEED + 1);
    assert_number(result.verdict, VERDICT_PASS);
    grade_release(&result);
}

/* A seed of its own, when any will do. */
static void
its_dice_are_fresh(void **state)
{
    (void)state;
    struct grade_task task = workshop_task();
    struct grade_result result;
    char reason[512] = "";
    workshop_save(workshop.right);
    task.any_seed = true;
    struct grade_standby *standby = grade_stand_by(&task);
    task.standby = &standby;
    assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
    assert_true(result.seed != WORKSHOP_SEED);
    assert_number(result.verdict, VERDICT_PASS);
    grade_release(&result);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_are_the_same),
        cmocka_unit_test(every_lab_can_stand_by),
        cmocka_unit_test(a_missing_brace_has_its_line),
        cmocka_unit_test(standing_by_for_nothing_leaves_nothing),
        cmocka_unit_test(there_is_none_without_a_file),
        cmocka_unit_test(other_dice_are_not_taken),
        cmocka_unit_test(its_dice_are_fresh),
    };
    return cmocka_run_group_tests(tests, workshop_enter, workshop_leave);
}
