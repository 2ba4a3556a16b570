/* Every lab goes the learners' path: the starter compiles and fails without
 * crashing, the reference and every alternative pass, and every mutant fails
 * in the case that its lab names.
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
    MOST_CHILDREN = 2
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
static struct shelf *shelf;
static int faults;   // of the running case
static int children; // that are grading

static int
open_shelf(void **state)
{
    (void)state;
    struct error err;
    char *ouro = program_path("ouro");
    *strrchr(ouro, '/') = '\0';
    artifacts = xasprintf("%s/labs", ouro);
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
grade_path(const struct lab *lab, const char *path, bool until_failure)
{
    char reason[1024] = "";
    struct grade_result result = {0};
    char *file = xasprintf("%s/labs/%s", root, path);
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = root,
                                    .lab_id = lab->id,
                                    .file = file,
                                    .seed = SEED,
                                    .until_failure = until_failure};
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

static void
passes(const struct lab *lab, const char *path,
       const struct lab_mutant *mutant)
{
    (void)mutant;
    struct grade_result result = grade_path(lab, path, false);
    if (result.verdict != VERDICT_PASS) {
        const struct grade_case *failed = first_failure(&result);
        complain(path, verdict_name(result.verdict),
                 failed != NULL ? failed->name : result.reason);
    }
    grade_release(&result);
}

static void
fails_without_crashing(const struct lab *lab, const char *path,
                       const struct lab_mutant *mutant)
{
    (void)mutant;
    struct grade_result result = grade_path(lab, path, false);
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
is_caught(const struct lab *lab, const char *path,
          const struct lab_mutant *mutant)
{
    struct grade_result result = grade_path(lab, path, true);
    const struct grade_case *failed = first_failure(&result);
    if (failed == NULL) {
        complain(path, "is not caught:", verdict_name(result.verdict));
    }
    else if (strcmp(failed->name, mutant->caught_by) != 0) {
        complain(path, "is caught by", failed->name);
    }
    grade_release(&result);
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
        for (size_t m = 0; m < lab->mutant_count && m < MOST_MUTANTS; m++) {
            char *path =
                xasprintf("%s/mutants/%s", lab->id, lab->mutants[m].file);
            check_apart(is_caught, lab, path, &lab->mutants[m]);
            free(path);
        }
    }
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
