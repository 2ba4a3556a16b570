/* Every lab goes the learners' path: the starter compiles and fails without
 * crashing, the reference and every alternative pass, and every mutant fails
 * in the case that its lab names. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "grader/grade.h"
#include "labs/testing.h"
#include "quiz/core/error.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/shelf.h"
#include "tests/support/program.h"

enum {
    SEED = 20261121
};

static char *artifacts; // build/MODE/labs
static char *root;      // of the source tree
static struct shelf *shelf;
static int faults; // of the running case

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

static struct grade_result
grade_path(const struct lab *lab, const char *path)
{
    char reason[1024] = "";
    struct grade_result result = {0};
    char *file = xasprintf("%s/labs/%s", root, path);
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = root,
                                    .lab_id = lab->id,
                                    .file = file,
                                    .seed = SEED};
    if (grade_file(&task, &result, reason, sizeof(reason)) != 0) {
        fail_msg("%s: %s", file, reason);
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
check_passes(const struct lab *lab, const char *path)
{
    struct grade_result result = grade_path(lab, path);
    if (result.verdict != VERDICT_PASS) {
        const struct grade_case *failed = first_failure(&result);
        complain(path, verdict_name(result.verdict),
                 failed != NULL ? failed->name : result.reason);
    }
    grade_release(&result);
}

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
        check_passes(lab, path);
        free(path);
    }
    assert_number(faults, 0);
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
            check_passes(lab, path);
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
    assert_number(faults, 0);
}

static void
every_starter_compiles_and_fails_without_crashing(void **state)
{
    (void)state;
    faults = 0;
    for (size_t i = 0; i < shelf_count(shelf); i++) {
        const struct lab *lab = shelf_at(shelf, i);
        char *path = xasprintf("%s/starter.c", lab->id);
        struct grade_result result = grade_path(lab, path);
        if (result.verdict != VERDICT_FAIL &&
            result.verdict != VERDICT_PARTIAL) {
            complain(path, "is", verdict_name(result.verdict));
        }
        if (result.message_count > 0) {
            complain(path, "warns:", result.messages[0].text);
        }
        grade_release(&result);
        free(path);
    }
    assert_number(faults, 0);
}

/* The file fails, and the first case it fails in is the one named. */
static void
check_caught(const struct lab *lab, const struct lab_mutant *mutant)
{
    char *path = xasprintf("%s/mutants/%s", lab->id, mutant->file);
    struct grade_result result = grade_path(lab, path);
    const struct grade_case *failed = first_failure(&result);
    if (failed == NULL) {
        complain(path, "is not caught:", verdict_name(result.verdict));
    }
    else if (strcmp(failed->name, mutant->caught_by) != 0) {
        complain(path, "is caught by", failed->name);
    }
    grade_release(&result);
    free(path);
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
        for (size_t m = 0; m < lab->mutant_count; m++) {
            check_caught(lab, &lab->mutants[m]);
        }
    }
    assert_number(faults, 0);
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
