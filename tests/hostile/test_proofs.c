/* What must hold however often it is tried. A few times here; as often as
 * PROOF_ROUNDS says by `make proofs`. */
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "grader/grade.h"
#include "grader/keep.h"
#include "labs/testing.h"
#include "tests/support/program.h"
#include "tests/support/submission.h"
#include "tests/support/tempdir.h"

static char *artifacts, *headers, *folder;

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

static int
rounds(int few)
{
    const char *many = getenv("PROOF_ROUNDS");
    return many != NULL ? (int)strtol(many, NULL, 10) : few;
}

/* A file to grade: one of the tests', put behind the right solution. */
static char *
write_submission(const char *into, const char *name, const char *path)
{
    char *text = submission_read(path);
    assert_non_null(text);
    char *file = tempdir_write(into, name, text);
    free(text);
    return file;
}

// --- again and again -------------------------------------------------------

static size_t
count_descriptors(void)
{
    size_t count = 0;
    DIR *entries = opendir("/proc/self/fd");
    while (entries != NULL && readdir(entries) != NULL) {
        count++;
    }
    closedir(entries);
    return count;
}

/* What a grading says, as text. Where the file races with itself, only that
 * may differ which is not counted. */
static void
describe(const struct grade_result *result, char *text, size_t room)
{
    int length = snprintf(text, room, "%s %d:", verdict_name(result->verdict),
                          result->score);
    for (size_t i = 0; i < result->case_count; i++) {
        const struct grade_case *one = &result->cases[i];
        length += snprintf(text + length, room - (size_t)length, " %d/%s/%d",
                           (int)one->state, verdict_name(one->verdict),
                           one->divergence.step);
    }
}

static void
grade_and_describe(const char *file, char *text, size_t room)
{
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = headers,
                                    .lab_id = SUBMISSION_LAB,
                                    .file = file,
                                    .seed = 20261121};
    struct grade_result result;
    char reason[512] = "";
    if (grade_file(&task, &result, reason, sizeof(reason)) != 0) {
        fail_msg("%s: %s", file, reason);
    }
    describe(&result, text, room);
    grade_release(&result);
}

static void
the_same_file_and_seed_give_the_same_verdict_and_leave_nothing(void **state)
{
    enum {
        FILES = 4,
        TEXT = 8192,
        SLACK = 256 * 1024 // bytes that the C library has put aside for later
    };
    static const char *const PATHS[FILES] = {
        "labs/runtime/object.c",
        "labs/01_refcount/mutants/set_ref_forgets_the_old.c",
        "tests/hostile/leaks_a_block_leaked.c",
        "tests/hostile/returns_to_nowhere_crashed.c"};
    static char first[FILES][TEXT];
    static char again[TEXT];
    (void)state;
    char *files[FILES];
    for (size_t f = 0; f < FILES; f++) {
        char name[32];
        snprintf(name, sizeof(name), "file%zu.c", f);
        files[f] = write_submission(folder, name, PATHS[f]);
        grade_and_describe(files[f], first[f], TEXT);
    }
    size_t descriptors = count_descriptors();
    size_t bytes = mallinfo2().uordblks;
    int count = rounds(3);
    for (int round = 0; round < count; round++) {
        size_t f = (size_t)round % FILES;
        grade_and_describe(files[f], again, TEXT);
        assert_text(again, first[f]);
    }
    assert_number(count_descriptors(), descriptors);
    assert_true(mallinfo2().uordblks <= bytes + SLACK);
    print_message("%d gradings, each the same; %zu bytes then, %zu now\n",
                  count, bytes, mallinfo2().uordblks);
    for (size_t f = 0; f < FILES; f++) {
        free(files[f]);
    }
}

// --- killed on the way -----------------------------------------------------

static void
pass_ms(long ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* Starts the grading of a class, all results of which are kept. */
static pid_t
start_class(const char *class, const char *kept)
{
    char *program = program_path("ouro-grade");
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        program_prepare();
        if (freopen("/dev/null", "w", stdout) == NULL ||
            freopen("/dev/null", "w", stderr) == NULL) {
            _exit(99);
        }
        execl(program, "ouro-grade", SUBMISSION_LAB, class, "--keep", kept,
              "--seed", "7", (char *)NULL);
        _exit(99);
    }
    free(program);
    return child;
}

/* Waits until nothing is left of it: its orphans have become our children. */
static void
must_all_end(void)
{
    enum {
        PATIENCE_MS = 5000
    };
    for (int ms = 0; ms < PATIENCE_MS; ms++) {
        pid_t ended = 0;
        while ((ended = waitpid(-1, NULL, WNOHANG)) > 0) {
        }
        if (ended < 0 && errno == ECHILD) {
            return;
        }
        pass_ms(1);
    }
    fail_msg("something still runs");
}

/* Every record that is there is whole and true. Returns how many there are. */
static int
check_records(const char *kept)
{
    int count = 0;
    DIR *entries = opendir(kept);
    const struct dirent *entry = NULL;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        struct record record;
        char *end = strstr(entry->d_name, ".json");
        if (end == NULL || entry->d_name[0] == '.') {
            continue;
        }
        char key[256];
        snprintf(key, sizeof(key), "%.*s", (int)(end - entry->d_name),
                 entry->d_name);
        assert_true(keep_read(kept, key, &record));
        bool passes = strcmp(record.verdict, "pass") == 0;
        if (passes != (strncmp(key, "right", 5) == 0)) {
            fail_msg("%s: %s", key, record.verdict);
        }
        count++;
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return count;
}

/* Grades the four to their end; returns how long it took. */
static long
grade_whole_class(const char *class, const char *kept)
{
    int status = 0;
    struct timespec begun;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    pid_t grader = start_class(class, kept);
    assert_int_equal(waitpid(grader, &status, 0), grader);
    clock_gettime(CLOCK_MONOTONIC, &now);
    assert_number(WEXITSTATUS(status), 1);
    assert_number(check_records(kept), 4);
    must_all_end();
    return (now.tv_sec - begun.tv_sec) * 1000 +
           (now.tv_nsec - begun.tv_nsec) / 1000000 + 1;
}

static void
who_is_killed_leaves_no_process_and_no_untrue_record(void **state)
{
    (void)state;
    char *class = tempdir_make();
    free(write_submission(class, "right1.c", "labs/runtime/object.c"));
    free(write_submission(class, "wrong1.c",
                          "tests/hostile/leaks_a_block_leaked.c"));
    free(write_submission(class, "wrong2.c",
                          "tests/hostile/loops_for_ever_timed_out.c"));
    free(write_submission(class, "right2.c", "labs/runtime/object.c"));
    int kept_in_all = 0;
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    srand(7);
    char *kept = tempdir_make();
    long whole_ms = grade_whole_class(class, kept);
    tempdir_remove(kept);
    for (int round = rounds(3); round > 0; round--) {
        kept = tempdir_make();
        pid_t grader = start_class(class, kept);
        pass_ms(rand() % whole_ms);
        kill(grader, SIGKILL);
        must_all_end();
        kept_in_all += check_records(kept);
        if (round == 1) { // the next call goes on from there
            grade_whole_class(class, kept);
        }
        tempdir_remove(kept);
    }
    print_message("%d records were kept by graders that were killed\n",
                  kept_in_all);
    tempdir_remove(class);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(
            the_same_file_and_seed_give_the_same_verdict_and_leave_nothing),
        cmocka_unit_test(who_is_killed_leaves_no_process_and_no_untrue_record),
    };
    return cmocka_run_group_tests(cases, find_labs, leave_labs);
}
