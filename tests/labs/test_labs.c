/* Every lab goes the learners' path: the starter compiles and fails without
 * crashing, the reference and every alternative pass, and every mutant fails
 * in the case that its lab names.
 *
 * Nothing of that may depend on how fast the machine is: what is fast enough
 * must be so with a fifth of the lab's time, and what is too slow must be so
 * with five times of it.
 *
 * Files are graded by children, as many at a time as there are processors
 * (at most MOST_CHILDREN). A mutant is graded up to the first case that fails,
 * which is the one in question. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grader/grade.h"
#include "labs/testing.h"
#include "quiz/core/error.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/shelf.h"
#include "tests/support/program.h"

enum {
    SEED = 20261121,
    MOST_CHILDREN = 2,
    MARGIN = 5 // times faster or slower a machine may be
};

/* What the grader compiles and runs is built the same way in every mode. When
 * the grader itself is built with sanitizers, a few mutants of
 * each lab lead it along all its paths. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const size_t MOST_MUTANTS = 3;
#else
static const size_t MOST_MUTANTS = SIZE_MAX;
#endif

static char *artifacts; // build/MODE/labs
static char *root;      // of the source tree
static char *headers;   // build/MODE/labs/include
static struct shelf *shelf;
static struct grade_reference *reference; // of the lab whose mutants are tried
static int faults;                        // of the running case
static int children;                      // that are grading

static int
open_shelf(void **state)
{
    (void)state;
    struct error err;
    char *ouro = program_path("ouro");
    *strrchr(ouro, '/') = '\0';
    artifacts = xasprintf("%s/labs", ouro);
    headers = xasprintf("%s/labs/include", ouro);
    root = xasprintf("%s/../..", ouro);
    free(ouro);
    char *labs = xasprintf("%s/labs", root);
    int result = shelf_load(&shelf, labs, &err);
    if (result != 0) {
        print_error("%s\n", err.message);
    }
    free(labs);
    return result;
}

static int
close_shelf(void **state)
{
    (void)state;
    shelf_free(shelf);
    free(artifacts);
    free(headers);
    free(root);
    return 0;
}

// --- children --------------------------------------------------------------

/* Waits until fewer than this many children are at work. */
static void
wait_for_children(int fewer_than)
{
    while (children >= fewer_than && children > 0) {
        int status = 0;
        if (wait(&status) < 0) {
            assert_number(errno, EINTR);
            continue;
        }
        children--;
        faults += status != 0;
    }
}

/* What is asked of a file: complains and counts in faults. */
typedef void check(const struct lab *lab, const char *path,
                   const struct lab_mutant *mutant);

/* Lets a child check a file; its faults are added by wait_for_children(). */
static void
check_apart(check *ask, const struct lab *lab, const char *path,
            const struct lab_mutant *mutant)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    wait_for_children(processors < MOST_CHILDREN ? 1 : MOST_CHILDREN);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        faults = 0;
        ask(lab, path, mutant);
        exit(faults != 0);
    }
    children++;
}

static void
no_child_complains(void)
{
    wait_for_children(1);
    assert_number(faults, 0);
}

// --- what is asked ---------------------------------------------------------

static struct grade_result
grade_path(const struct lab *lab, const char *path, bool until_failure,
           int time_ms)
{
    char reason[1024] = "";
    struct grade_result result = {0};
    char *file = xasprintf("%s/labs/%s", root, path);
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = headers,
                                    .lab_id = lab->id,
                                    .file = file,
                                    .seed = SEED,
                                    .until_failure = until_failure,
                                    .time_ms = time_ms,
                                    .reference = reference};
    if (grade_file(&task, &result, reason, sizeof(reason)) != 0) {
        print_error("%s: %s\n", file, reason);
        exit(1);
    }
    free(file);
    return result;
}

/* Notes what is wrong with a file and goes on: one run shows all faults. */
static void
complain(const char *path, const char *what, const char *which)
{
    print_error("%s: %s %s\n", path, what, which);
    faults++;
}

static const struct grade_case *
first_failure(const struct grade_result *result)
{
    for (size_t i = 0; i < result->case_count; i++) {
        if (result->cases[i].state == GRADE_CASE_FAILED) {
            return &result->cases[i];
        }
    }
    return NULL;
}

/* Cases that pass, but would not on a slower machine. */
static void
no_case_is_slow(const struct lab *lab, const char *path,
                const struct grade_result *result)
{
    for (size_t i = 0; i < result->case_count; i++) {
        const struct grade_case *one = &result->cases[i];
        if (one->state == GRADE_CASE_PASSED &&
            one->time_us > lab->time_ms * INT64_C(1000) / MARGIN) {
            complain(path, "is nearly too slow in", one->name);
        }
    }
}

static void
passes(const struct lab *lab, const char *path,
       const struct lab_mutant *mutant)
{
    (void)mutant;
    struct grade_result result = grade_path(lab, path, false, 0);
    if (result.verdict != VERDICT_PASS) {
        const struct grade_case *failed = first_failure(&result);
        complain(path, verdict_name(result.verdict),
                 failed != NULL ? failed->name : result.reason);
    }
    no_case_is_slow(lab, path, &result);
    grade_release(&result);
}

static void
fails_without_crashing(const struct lab *lab, const char *path,
                       const struct lab_mutant *mutant)
{
    (void)mutant;
    struct grade_result result = grade_path(lab, path, false, 0);
    if (result.verdict != VERDICT_FAIL && result.verdict != VERDICT_PARTIAL) {
        complain(path, "is", verdict_name(result.verdict));
    }
    if (result.message_count > 0) {
        complain(path, "warns:", result.messages[0].text);
    }
    grade_release(&result);
}

/* The first case it fails in is the one that is named. */
static void
is_caught_within(const struct lab *lab, const char *path,
                 const struct lab_mutant *mutant, int time_ms)
{
    struct grade_result result = grade_path(lab, path, true, time_ms);
    const struct grade_case *failed = first_failure(&result);
    no_case_is_slow(lab, path, &result);
    if (failed == NULL) {
        complain(path, "is not caught:", verdict_name(result.verdict));
    }
    else if (strcmp(failed->name, mutant->caught_by) != 0) {
        complain(path, "is caught by", failed->name);
    }
    else if (failed->verdict == VERDICT_TIMED_OUT && time_ms == 0) {
        is_caught_within(lab, path, mutant, lab->time_ms * MARGIN);
    }
    grade_release(&result);
}

static void
is_caught(const struct lab *lab, const char *path,
          const struct lab_mutant *mutant)
{
    is_caught_within(lab, path, mutant, 0);
}

// --- of which files --------------------------------------------------------

static void
every_reference_passes(void **state)
{
    (void)state;
    faults = 0;
    for (size_t i = 0; i < shelf_count(shelf); i++) {
        const struct lab *lab = shelf_at(shelf, i);
        char *path = lab->replaces != NULL
                         ? xasprintf("runtime/%s", lab->replaces)
                         : xasprintf("%s/solution.c", lab->id);
        check_apart(passes, lab, path, NULL);
        free(path);
    }
    no_child_complains();
}

static void
every_alternative_passes(void **state)
{
    (void)state;
    faults = 0;
    for (size_t i = 0; i < shelf_count(shelf); i++) {
        const struct lab *lab = shelf_at(shelf, i);
        char *folder = xasprintf("%s/labs/%s/alternatives", root, lab->id);
        DIR *directory = opendir(folder);
        int count = 0;
        const struct dirent *entry = NULL;
        while (directory != NULL && (entry = readdir(directory)) != NULL) {
            if (strstr(entry->d_name, ".c") == NULL) {
                continue;
            }
            char *path =
                xasprintf("%s/alternatives/%s", lab->id, entry->d_name);
            check_apart(passes, lab, path, NULL);
            free(path);
            count++;
        }
        if (directory != NULL) {
            closedir(directory);
        }
        free(folder);
        if (count < 2) {
            complain(lab->id, "has too few", "alternatives");
        }
    }
    no_child_complains();
}

static void
every_starter_compiles_and_fails_without_crashing(void **state)
{
    (void)state;
    faults = 0;
    for (size_t i = 0; i < shelf_count(shelf); i++) {
        const struct lab *lab = shelf_at(shelf, i);
        char *path = xasprintf("%s/starter.c", lab->id);
        check_apart(fails_without_crashing, lab, path, NULL);
        free(path);
    }
    no_child_complains();
}

/* Lets the mutants of a lab share one run of its reference. */
static void
run_reference(const struct lab *lab)
{
    char reason[1024] = "";
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = headers,
                                    .lab_id = lab->id,
                                    .seed = SEED};
    grade_reference_free(reference);
    reference = NULL;
    if (grade_reference_run(&task, &reference, reason, sizeof(reason)) != 0) {
        fail_msg("%s: %s", lab->id, reason);
    }
}

static void
every_mutant_is_caught_by_the_case_it_names(void **state)
{
    (void)state;
    faults = 0;
    for (size_t i = 0; i < shelf_count(shelf); i++) {
        const struct lab *lab = shelf_at(shelf, i);
        if (lab->mutant_count < 10) {
            complain(lab->id, "has too few", "mutants");
        }
        run_reference(lab);
        for (size_t m = 0; m < lab->mutant_count && m < MOST_MUTANTS; m++) {
            char *path =
                xasprintf("%s/mutants/%s", lab->id, lab->mutants[m].file);
            check_apart(is_caught, lab, path, &lab->mutants[m]);
            free(path);
        }
    }
    grade_reference_free(reference);
    reference = NULL;
    no_child_complains();
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(every_reference_passes),
        cmocka_unit_test(every_alternative_passes),
        cmocka_unit_test(every_starter_compiles_and_fails_without_crashing),
        cmocka_unit_test(every_mutant_is_caught_by_the_case_it_names),
    };
    return cmocka_run_group_tests(cases, open_shelf, close_shelf);
}
