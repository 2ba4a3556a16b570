/* Files that mean harm or make a mess. Each is named <what>_<verdict>.c, and
 * that must be the verdict. See tests/support/submission.h for what it stands
 * for. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grader/grade.h"
#include "labs/testing.h"
#include "tests/support/program.h"
#include "tests/support/submission.h"
#include "tests/support/tempdir.h"

static char *artifacts;
static char *headers;
static char *folder;

static int
find_labs(void **state)
{
    (void)state;
    artifacts = program_path("labs");
    headers = program_path("labs/include");
    folder = tempdir_make();
    return 0;
}

static int
leave_labs(void **state)
{
    (void)state;
    free(artifacts);
    free(headers);
    tempdir_remove(folder);
    return 0;
}

/* The verdict at the end of a file's name. */
static enum verdict
verdict_of(const char *name)
{
    size_t longest = 0;
    enum verdict found = VERDICT_COUNT;
    for (int i = 0; i < VERDICT_COUNT; i++) {
        const char *verdict = verdict_name((enum verdict)i);
        const char *at = strstr(name, verdict);
        size_t length = strlen(verdict);
        if (at != NULL && strcmp(at + length, ".c") == 0 && at > name &&
            at[-1] == '_' && length > longest) {
            longest = length;
            found = (enum verdict)i;
        }
    }
    return found;
}

/* 0, or 1 after saying what is wrong. */
static int
judge(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "tests/hostile/%s", name);
    char *text = submission_read(path);
    assert_non_null(text);
    char *file = tempdir_write(folder, "object.c", text);
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = headers,
                                    .lab_id = "01_refcount",
                                    .file = file,
                                    .seed = 7};
    struct grade_result result;
    char reason[512] = "";
    int wrong = 0;
    if (grade_file(&task, &result, reason, sizeof(reason)) != 0) {
        fail_msg("%s: %s", name, reason);
    }
    if (result.verdict != verdict_of(name)) {
        print_error("%s: %s (%d of %d points) %s\n", name,
                    verdict_name(result.verdict), result.score,
                    result.max_score, result.reason);
        wrong = 1;
    }
    for (size_t i = 0; i < result.message_count; i++) {
        if (strpbrk(result.messages[i].text, "\033\a") != NULL) {
            print_error("%s: an escape in a message\n", name);
            wrong = 1;
        }
    }
    grade_release(&result);
    free(file);
    free(text);
    return wrong;
}

/* What the system holds of ours, and what a grading could leave behind. */
struct holdings {
    size_t descriptors, mounts, shared, queues;
};

static size_t
count_entries(const char *path)
{
    size_t count = 0;
    DIR *entries = opendir(path);
    while (entries != NULL && readdir(entries) != NULL) {
        count++;
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return count;
}

static size_t
count_lines(const char *path)
{
    size_t count = 0;
    FILE *file = fopen(path, "re");
    for (int byte = 0; file != NULL && (byte = getc(file)) != EOF;) {
        count += byte == '\n';
    }
    if (file != NULL) {
        fclose(file);
    }
    return count;
}

static struct holdings
look_around(void)
{
    return (struct holdings){.descriptors = count_entries("/proc/self/fd"),
                             .mounts = count_lines("/proc/self/mountinfo"),
                             .shared = count_lines("/proc/sysvipc/shm") +
                                       count_lines("/proc/sysvipc/sem"),
                             .queues = count_lines("/proc/sysvipc/msg")};
}

/* 0, or 1 after saying what a file has left behind. Orphans would have become
 * our children. */
static int
check_leftovers(const char *name, const struct holdings *before)
{
    struct holdings after = look_around();
    int wrong = 0;
    if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD) {
        print_error("%s: a process is left\n", name);
        wrong = 1;
    }
    if (memcmp(before, &after, sizeof(after)) != 0) {
        print_error("%s: descriptors %zu %zu, mounts %zu %zu, memory %zu "
                    "%zu, queues %zu %zu\n",
                    name, before->descriptors, after.descriptors,
                    before->mounts, after.mounts, before->shared, after.shared,
                    before->queues, after.queues);
        wrong = 1;
    }
    return wrong;
}

/* Judges every step-th file; returns how many were wrong. */
static int
judge_all(int step, int *judged)
{
    struct dirent **entries = NULL;
    int count = scandir("tests/hostile", &entries, NULL, alphasort);
    int wrong = 0;
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    *judged = 0;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (verdict_of(name) != VERDICT_COUNT && i % step == 0) {
            struct holdings before = look_around();
            wrong += judge(name);
            wrong += check_leftovers(name, &before);
            (*judged)++;
        }
        free(entries[i]);
    }
    free(entries);
    return wrong;
}

static void
every_hostile_file_gets_the_verdict_of_its_name(void **state)
{
    (void)state;
    int judged = 0;
    int wrong = judge_all(1, &judged);
    print_message("%d files judged\n", judged);
    assert_true(judged >= 120);
    assert_number(wrong, 0);
}

/* Some of them without root's rights, if we have these. */
static void
an_ordinary_user_gets_the_same_verdicts(void **state)
{
    enum {
        NOBODY = 65534,
        CANNOT_READ = 77
    };
    (void)state;
    int status = 0;
    fflush(NULL);
    pid_t child = geteuid() == 0 ? fork() : -1;
    if (child < 0) {
        skip();
    }
    if (child == 0) {
        int judged = 0;
        if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0 ||
            prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 ||
            access(artifacts, R_OK | X_OK) != 0) {
            _exit(CANNOT_READ);
        }
        folder = tempdir_make();
        int wrong = judge_all(9, &judged);
        tempdir_remove(folder);
        _exit(wrong != 0 || judged == 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WEXITSTATUS(status) == CANNOT_READ) {
        skip();
    }
    assert_number(status, 0);
}

static void
bytes_that_are_no_c_are_a_compile_error(void **state)
{
    (void)state;
    char *file = tempdir_write(folder, "object.c", "\xFF\xFE\x01\x7F");
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = headers,
                                    .lab_id = "01_refcount",
                                    .file = file,
                                    .seed = 7};
    struct grade_result result;
    char reason[512];
    assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
    assert_number(result.verdict, VERDICT_COMPILE_ERROR);
    grade_release(&result);
    free(file);
}

static void
the_same_seed_gives_the_same_verdict(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        const struct grade_task task = {
            .artifacts = artifacts,
            .include = headers,
            .lab_id = "01_refcount",
            .file = "labs/01_refcount/mutants/set_ref_forgets_the_old.c",
            .seed = 99};
        struct grade_result result;
        char reason[512];
        assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
        assert_number(result.verdict, VERDICT_PARTIAL);
        assert_number(result.score, 28);
        grade_release(&result);
    }
}

/* How many cases failed, and how many after the first of these were run. */
static void
count_failures(const struct grade_result *result, int *failed, int *run_after)
{
    *failed = *run_after = 0;
    for (size_t i = 0; i < result->case_count; i++) {
        *run_after +=
            *failed > 0 && result->cases[i].state != GRADE_CASE_NOT_RUN;
        *failed += result->cases[i].state == GRADE_CASE_FAILED;
    }
}

static void
who_hangs_in_two_cases_is_not_run_in_others(void **state)
{
    (void)state;
    char *text = submission_of("// replaces: rt_new_ref\n"
                               "struct rt_object *\n"
                               "rt_new_ref(struct rt_object *object)\n"
                               "{\n"
                               "    for (volatile long i = 0;; i++) {\n"
                               "        (void)object;\n"
                               "    }\n"
                               "}\n");
    char *file = tempdir_write(folder, "object.c", text);
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = headers,
                                    .lab_id = "01_refcount",
                                    .file = file,
                                    .seed = 7};
    struct grade_result result;
    char reason[512];
    int failed = 0;
    int run_after = 0;
    assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
    count_failures(&result, &failed, &run_after);
    assert_number(result.verdict, VERDICT_TIMED_OUT);
    assert_number(failed, 2);
    grade_release(&result);
    free(file);
    free(text);
}

static void
nothing_is_run_behind_the_first_failure_when_asked_so(void **state)
{
    (void)state;
    for (int asked = 0; asked < 2; asked++) {
        const struct grade_task task = {
            .artifacts = artifacts,
            .include = headers,
            .lab_id = "01_refcount",
            .file = "labs/01_refcount/mutants/set_ref_forgets_the_old.c",
            .seed = 99,
            .until_failure = asked};
        struct grade_result result;
        char reason[512];
        int failed = 0;
        int run_after = 0;
        assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
        count_failures(&result, &failed, &run_after);
        assert_true(asked ? failed == 1 && run_after == 0 : run_after > 0);
        grade_release(&result);
    }
}

static void
many_gradings_may_share_a_run_of_the_reference(void **state)
{
    (void)state;
    static const char *const FILES[] = {
        "labs/runtime/object.c",
        "labs/01_refcount/mutants/set_ref_forgets_the_old.c"};
    struct grade_task task = {.artifacts = artifacts,
                              .include = headers,
                              .lab_id = "01_refcount",
                              .seed = 99};
    struct grade_reference *reference = NULL;
    char reason[512];
    assert_number(
        grade_reference_run(&task, &reference, reason, sizeof(reason)), 0);
    for (size_t i = 0; i < 2; i++) {
        struct grade_result alone;
        struct grade_result shared;
        task.file = FILES[i];
        task.reference = NULL;
        assert_number(grade_file(&task, &alone, reason, sizeof(reason)), 0);
        task.reference = reference;
        assert_number(grade_file(&task, &shared, reason, sizeof(reason)), 0);
        assert_number(shared.verdict, alone.verdict);
        assert_number(shared.score, alone.score);
        grade_release(&alone);
        grade_release(&shared);
    }
    grade_reference_free(reference);
}

static void
a_case_may_get_less_time_than_the_lab_gives(void **state)
{
    (void)state;
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = headers,
                                    .lab_id = "12_gc_subtract",
                                    .file = "labs/runtime/gc_unreachable.c",
                                    .seed = 7,
                                    .time_ms = 1};
    struct grade_result result;
    char reason[512];
    assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
    assert_number(result.verdict, VERDICT_TIMED_OUT);
    grade_release(&result);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(every_hostile_file_gets_the_verdict_of_its_name),
        cmocka_unit_test(an_ordinary_user_gets_the_same_verdicts),
        cmocka_unit_test(bytes_that_are_no_c_are_a_compile_error),
        cmocka_unit_test(the_same_seed_gives_the_same_verdict),
        cmocka_unit_test(who_hangs_in_two_cases_is_not_run_in_others),
        cmocka_unit_test(
            nothing_is_run_behind_the_first_failure_when_asked_so),
        cmocka_unit_test(many_gradings_may_share_a_run_of_the_reference),
        cmocka_unit_test(a_case_may_get_less_time_than_the_lab_gives),
    };
    return cmocka_run_group_tests(cases, find_labs, leave_labs);
}
