/* The protocols of the two locks hold in every order in which their steps can
 * come: spin goes through all of them. Without spin there is nothing to run.
 *
 * A model says what the C file beside it does, step by step; who changes the
 * one changes the other. */
#include <stdio.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "tests/support/tempdir.h"

static char *folder;

static int
make_folder(void **state)
{
    (void)state;
    folder = tempdir_make();
    return 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    tempdir_remove(folder);
    return 0;
}

/* Verifies a model with these definitions: the claim of this name, or, with
 * NULL, that no assertion fails and no state is without a way on. */
static void
verify(const char *model, const char *definitions, const char *claim)
{
    char command[1024];
    if (system("command -v spin >/dev/null 2>&1") != 0) {
        print_message("skipped: spin is not installed\n");
        skip();
    }
    snprintf(command, sizeof(command),
             "model=$PWD/tests/model/%s && cd '%s' && rm -f pan* *.trail && "
             "spin %s -a $model >log 2>&1 && cc -O2 -w %s -o pan pan.c && "
             "./pan -m5000000 %s%s >>log 2>&1; "
             "grep -q 'errors: 0' log && ! grep -q 'pan:.*error' log",
             model, folder, definitions,
             claim == NULL ? "-DSAFETY -DNOCLAIM" : "-DNFAIR=4",
             claim == NULL ? "" : "-a -f -N ", claim == NULL ? "" : claim);
    if (system(command) != 0) {
        snprintf(command, sizeof(command), "%s/log", folder);
        char *log = tempdir_read(command);
        print_error("%s\n", log != NULL ? log : "no log");
        free(log);
        fail_msg("%s %s does not hold", model, claim != NULL ? claim : "");
    }
}

static void
by_the_rule_of_cpython_nobody_gets_stuck(void **state)
{
    (void)state;
    verify("gil.pml", "", NULL);
}

static void
by_the_rule_of_cpython_a_request_is_heard(void **state)
{
    (void)state;
    verify("gil.pml", "-DFAIR", "hand_over");
}

static void
by_the_rule_of_cpython_the_dropper_comes_back(void **state)
{
    (void)state;
    verify("gil.pml", "-DFAIR", "comes_back");
}

static void
by_the_other_rule_nobody_gets_stuck(void **state)
{
    (void)state;
    verify("gil_io.pml", "-DCOMPUTING=2 -DOUTSIDE=1", NULL);
    verify("gil_io.pml", "-DCOMPUTING=1 -DOUTSIDE=2", NULL);
}

static void
by_the_other_rule_who_comes_from_outside_is_served(void **state)
{
    (void)state;
    verify("gil_io.pml", "-DCOMPUTING=2 -DOUTSIDE=1", "is_served");
    verify("gil_io.pml", "-DCOMPUTING=1 -DOUTSIDE=2", "one_is_served");
}

#define CASE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(by_the_rule_of_cpython_nobody_gets_stuck),
        CASE(by_the_rule_of_cpython_a_request_is_heard),
        CASE(by_the_rule_of_cpython_the_dropper_comes_back),
        CASE(by_the_other_rule_nobody_gets_stuck),
        CASE(by_the_other_rule_who_comes_from_outside_is_served),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
