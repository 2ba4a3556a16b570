/* Ticks of a lab as it was built; where tcc is missing there are none. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grader/tick.h"
#include "labs/testing.h"
#include "tests/support/workshop.h"

static void
need_tcc(void)
{
    if (compile_find_quick() == NULL) {
        skip();
    }
}

/* What was told on the way. */
struct told {
    int ticks, passed, cases;
    bool tick_was_first;
};

static void
listen(void *context, enum grade_stage stage,
       const struct grade_result *so_far)
{
    struct told *told = context;
    if (stage == GRADE_STAGE_TICK) {
        told->ticks++;
        told->passed = so_far->tick_passed;
        told->cases = so_far->tick_cases;
    }
    else if (stage == GRADE_STAGE_COMPILED) {
        told->tick_was_first = told->ticks == 1;
    }
}

static struct grade_task
task_of(struct told *told)
{
    struct grade_task task = workshop_task();
    task.cache = workshop.cache;
    task.must_be_fresh = true;
    task.wants_tick = true;
    task.known = listen;
    task.known_context = told;
    return task;
}

static enum verdict
grade_with(struct grade_standby **standby, const char *text, struct told *told)
{
    struct grade_task task = task_of(told);
    struct grade_result result;
    char reason[512] = "";
    workshop_save(text);
    *told = (struct told){0};
    task.standby = standby;
    assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
    enum verdict verdict = result.verdict;
    grade_release(&result);
    return verdict;
}

static enum verdict
grade(const char *text, struct told *told)
{
    return grade_with(NULL, text, told);
}

static void
a_tick_comes_from_the_second_time_on(void **state)
{
    (void)state;
    struct told told;
    need_tcc();
    assert_number(grade(workshop.right, &told), VERDICT_PASS);
    assert_number(told.ticks, 0);
    assert_number(grade(workshop.right, &told), VERDICT_PASS);
    assert_true(told.tick_was_first);
    assert_true(told.cases > 5);
    assert_number(told.passed, told.cases);
}

static void
a_tick_that_stood_by_is_the_same(void **state)
{
    (void)state;
    struct told told;
    need_tcc();
    assert_number(grade(workshop.right, &told), VERDICT_PASS);
    const struct grade_task task = task_of(&told);
    struct grade_standby *standby = grade_stand_by(&task);
    assert_non_null(standby);
    assert_number(grade_with(&standby, workshop.right, &told), VERDICT_PASS);
    assert_null(standby);
    assert_true(told.tick_was_first);
    assert_number(told.passed, told.cases);
}

/* Whatever is asked of a lab, and however often it is built. */
static void
a_lab_keeps_one_file(void **state)
{
    (void)state;
    struct told told;
    glob_t found = {0};
    char *pattern = NULL;
    need_tcc();
    for (int time_ms = 900; time_ms < 1000; time_ms += 50) {
        struct grade_task task = task_of(&told);
        struct grade_result result;
        char reason[512] = "";
        task.time_ms = time_ms;
        assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
        grade_release(&result);
    }
    assert_true(asprintf(&pattern, "%s/tick-*", workshop.cache) > 0);
    assert_number(glob(pattern, 0, NULL, &found), 0);
    assert_number(found.gl_pathc, 1);
    globfree(&found);
    free(pattern);
}

static void
what_is_wrong_does_not_pass_at_first_sight(void **state)
{
    (void)state;
    struct told told;
    need_tcc();
    char *wrong = NULL;
    // A reference that is never taken.
    if (asprintf(&wrong,
                 "#define rt_incref its_own_incref\n%s\n"
                 "#undef rt_incref\n"
                 "void rt_incref(struct rt_object *object)\n"
                 "{\n"
                 "    (void)object;\n"
                 "}\n",
                 workshop.right) < 0) {
        abort();
    }
    grade(workshop.right, &told);
    assert_true(grade(wrong, &told) != VERDICT_PASS);
    assert_true(told.ticks == 0 || told.passed < told.cases);
    free(wrong);
}

static void
what_does_not_compile_has_no_tick(void **state)
{
    (void)state;
    struct told told;
    need_tcc();
    grade(workshop.right, &told);
    assert_number(grade("int x(\n", &told), VERDICT_COMPILE_ERROR);
    assert_number(told.ticks, 0);
}

#define IN_A_FOLDER(test)                                                     \
    cmocka_unit_test_setup_teardown(test, workshop_enter, workshop_leave)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_tick_comes_from_the_second_time_on),
        IN_A_FOLDER(a_tick_that_stood_by_is_the_same),
        IN_A_FOLDER(a_lab_keeps_one_file),
        IN_A_FOLDER(what_is_wrong_does_not_pass_at_first_sight),
        IN_A_FOLDER(what_does_not_compile_has_no_tick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
