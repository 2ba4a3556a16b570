/* Rehearsals of a lab as it was built. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grader/grade.h"
#include "grader/rehearsal.h"
#include "labs/testing.h"
#include "tests/support/tempdir.h"
#include "tests/support/workshop.h"

static struct grade_task
some_task(void)
{
    struct grade_task task = workshop_task();
    task.cache = workshop.cache;
    task.any_seed = true;
    task.must_be_fresh = true;
    return task;
}

/* Grades the file; gives the dice that were thrown. */
static uint64_t
grade(const struct grade_task *task, enum verdict expected)
{
    struct grade_result result;
    char reason[512] = "";
    assert_number(grade_file(task, &result, reason, sizeof(reason)), 0);
    assert_text(verdict_name(result.verdict), verdict_name(expected));
    uint64_t seed = result.seed;
    grade_release(&result);
    return seed;
}

static char *
path_of_it(void)
{
    char *path = NULL;
    if (asprintf(&path, "%s/next-" WORKSHOP_LAB ".streams", workshop.cache) <
        0) {
        abort();
    }
    return path;
}

static void
a_rehearsal_is_used_once(void **state)
{
    (void)state;
    const struct grade_task task = some_task();
    grade_prepare(&task);
    assert_true(grade(&task, VERDICT_PASS) != WORKSHOP_SEED);
    assert_true(grade(&task, VERDICT_PASS) == WORKSHOP_SEED);
}

static void
it_is_gone_before_the_file_is_compiled(void **state)
{
    (void)state;
    struct grade_task task = some_task();
    grade_prepare(&task);
    char *path = path_of_it();
    assert_number(access(path, F_OK), 0);
    workshop_save("this is no C\n");
    grade(&task, VERDICT_COMPILE_ERROR);
    assert_true(access(path, F_OK) != 0);
    free(path);
}

static void
dice_that_were_asked_for_are_thrown(void **state)
{
    (void)state;
    struct grade_task task = some_task();
    grade_prepare(&task);
    task.any_seed = false;
    assert_true(grade(&task, VERDICT_PASS) == WORKSHOP_SEED);
    char *path = path_of_it();
    assert_number(access(path, F_OK), 0);
    free(path);
}

static void
there_is_one_at_a_time(void **state)
{
    (void)state;
    const struct grade_task task = some_task();
    char *path = path_of_it();
    grade_prepare(&task);
    char *first = tempdir_read(path);
    grade_prepare(&task);
    char *second = tempdir_read(path);
    assert_text(first, second);
    free(first);
    free(second);
    free(path);
}

static void
what_is_damaged_is_as_if_it_were_not_there(void **state)
{
    (void)state;
    const struct grade_task task = some_task();
    grade_prepare(&task);
    char *path = path_of_it();
    assert_number(truncate(path, 2000), 0);
    assert_true(grade(&task, VERDICT_PASS) == WORKSHOP_SEED);
    free(path);
}

static void
what_is_wrong_fails_against_it(void **state)
{
    (void)state;
    const struct grade_task task = some_task();
    char *wrong = NULL;
    // A reference that is never taken.
    if (asprintf(&wrong,
                 "#define rt_new_ref its_own_new_ref\n%s\n"
                 "#undef rt_new_ref\n"
                 "struct rt_object *rt_new_ref(struct rt_object *object)\n"
                 "{\n"
                 "    return object;\n"
                 "}\n",
                 workshop.right) < 0) {
        abort();
    }
    workshop_save(wrong);
    free(wrong);
    grade_prepare(&task);
    struct grade_result result;
    char reason[512] = "";
    assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
    assert_true(result.seed != WORKSHOP_SEED);
    assert_true(result.verdict != VERDICT_PASS);
    assert_true(result.verdict != VERDICT_INTERNAL_ERROR);
    assert_true(result.score > 0);
    grade_release(&result);
}

#define IN_A_FOLDER(test)                                                     \
    cmocka_unit_test_setup_teardown(test, workshop_enter, workshop_leave)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_rehearsal_is_used_once),
        IN_A_FOLDER(it_is_gone_before_the_file_is_compiled),
        IN_A_FOLDER(dice_that_were_asked_for_are_thrown),
        IN_A_FOLDER(there_is_one_at_a_time),
        IN_A_FOLDER(what_is_damaged_is_as_if_it_were_not_there),
        IN_A_FOLDER(what_is_wrong_fails_against_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
