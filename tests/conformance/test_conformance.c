/* The runtime prints what a real Python prints: stored scripts, one or more
 * for each scenario that a script can say, and random ones, compared byte by
 * byte. README.md is the manual of the scripts; the comparison is compare.py's
 * work. OURO_CONFORMANCE_SCRIPTS says how many random scripts there are. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/testing.h"
#include "tests/support/program.h"

enum {
    SCRIPTS = 1000,
    FIRST_SEED = 20261121
};

/* A version that the runtime can be held against need not come first. */
static const char *const PYTHONS[] = {"python3",    "python3.13", "python3.12",
                                      "python3.11", "python3.14", NULL};

static char *script_program; // NULL: not built
static const char *python;   // NULL: none of 3.11 or later

/* rt-script stands beside ouro, which is always there. */
static char *
find_script_program(void)
{
    char *ouro = program_path("ouro");
    char *path = NULL;
    *strrchr(ouro, '/') = '\0';
    if (asprintf(&path, "%s/rt-script", ouro) < 0) {
        abort();
    }
    free(ouro);
    if (access(path, X_OK) != 0) {
        free(path);
        return NULL;
    }
    return path;
}

/* Runs a command and shows what it prints. Returns its exit status. */
static int
run(const char *command)
{
    char line[1024];
    FILE *out = popen(command, "r");
    assert_non_null(out);
    while (fgets(line, sizeof(line), out) != NULL) {
        print_message("%s", line);
    }
    int status = pclose(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const char *
find_python(void)
{
    for (size_t i = 0; PYTHONS[i] != NULL; i++) {
        char command[256];
        snprintf(command, sizeof(command),
                 "%s -c 'import sys; sys.exit(sys.version_info < (3, 11))' "
                 "2>/dev/null",
                 PYTHONS[i]);
        if (run(command) == 0) {
            return PYTHONS[i];
        }
    }
    return NULL;
}

static int
find_both(void **state)
{
    (void)state;
    script_program = find_script_program();
    python = find_python();
    return 0;
}

static int
release_both(void **state)
{
    (void)state;
    free(script_program);
    return 0;
}

static void
need_both(void)
{
    if (script_program == NULL) {
        print_message("rt-script is not built: nothing to compare\n");
        skip();
    }
    if (python == NULL) {
        print_message("no python3 of 3.11 or later: nothing to compare "
                      "with\n");
        skip();
    }
}

static void
compare(const char *options, const char *scripts)
{
    char command[2048];
    need_both();
    snprintf(command, sizeof(command),
             "%s tests/conformance/compare.py --python %s %s '%s' %s 2>&1",
             python, python, options, script_program, scripts);
    assert_number(run(command), 0);
}

static void
stored_scripts_print_what_python_prints(void **state)
{
    (void)state;
    compare("", "tests/conformance/memory/*.txt");
}

static void
random_scripts_print_what_python_prints(void **state)
{
    (void)state;
    char options[64];
    const char *wanted = getenv("OURO_CONFORMANCE_SCRIPTS");
    int count = wanted != NULL ? atoi(wanted) : SCRIPTS;
    snprintf(options, sizeof(options), "--first %d --generated %d", FIRST_SEED,
             count);
    compare(options, "");
}

static void
every_scenario_that_a_script_can_say_has_one(void **state)
{
    (void)state;
    if (python == NULL) {
        print_message("no python3 of 3.11 or later: nothing was counted\n");
        skip();
    }
    char command[512];
    snprintf(command, sizeof(command),
             "%s tests/conformance/rows.py tests/conformance/memory/*.txt "
             "tests/labs/runtime/*.c 2>&1",
             python);
    assert_number(run(command), 0);
}

static void
there_are_hundreds_of_stored_scripts(void **state)
{
    (void)state;
    glob_t found;
    assert_number(glob("tests/conformance/memory/*.txt", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 300);
    globfree(&found);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(there_are_hundreds_of_stored_scripts),
        cmocka_unit_test(every_scenario_that_a_script_can_say_has_one),
        cmocka_unit_test(stored_scripts_print_what_python_prints),
        cmocka_unit_test(random_scripts_print_what_python_prints),
    };
    return cmocka_run_group_tests(cases, find_both, release_both);
}
