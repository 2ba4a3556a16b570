/* The runtime prints what a real Python prints: stored scripts, one or more
 * for each scenario that a script can say, and random ones, compared byte by
 * byte. README.md is the manual of the scripts; the comparison is compare.py's
 * work. OURO_CONFORMANCE_SCRIPTS says how many random scripts of each language
 * there are. */
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

/* Every version at hand is asked; the random scripts go to the first one. From
 * 3.14 on there are versions with another collector. */
static const char *const NAMES[] = {"python3", "python3.11", "python3.12",
                                    "python3.13", "/usr/bin/python3"};
static const char VERSION[] =
    "import sys; v = sys.version_info; print('%d.%d' % v[:2] "
    "if (3, 11) <= v[:2] <= (3, 13) else '')";

struct python {
    const char *name;
    char version[16];
};

/* The runtime with its fast collector, as everybody gets it, and with the one
 * that the labs show. NULL: not built. */
enum {
    PROGRAMS = 2
};
static const char *const PROGRAM_NAMES[PROGRAMS] = {
    "rt-script", "tests/conformance/rt-script"};
static char *script_programs[PROGRAMS];
static struct python pythons[sizeof(NAMES) / sizeof(NAMES[0])];
static size_t python_count;

/* They stand beside ouro, which is always there. */
static char *
find_script_program(const char *name)
{
    char *ouro = program_path("ouro");
    char *path = NULL;
    *strrchr(ouro, '/') = '\0';
    if (asprintf(&path, "%s/%s", ouro, name) < 0) {
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

static bool
is_known(const char *version)
{
    for (size_t i = 0; i < python_count; i++) {
        if (strcmp(pythons[i].version, version) == 0) {
            return true;
        }
    }
    return false;
}

static void
find_pythons(void)
{
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        struct python *python = &pythons[python_count];
        char command[512];
        snprintf(command, sizeof(command), "%s -c \"%s\" 2>/dev/null",
                 NAMES[i], VERSION);
        FILE *out = popen(command, "r");
        assert_non_null(out);
        char version[sizeof(python->version)] = "";
        if (fscanf(out, "%15s", version) == 1 && !is_known(version)) {
            python->name = NAMES[i];
            memcpy(python->version, version, sizeof(version));
            python_count++;
        }
        pclose(out);
    }
}

static int
find_both(void **state)
{
    (void)state;
    for (int i = 0; i < PROGRAMS; i++) {
        script_programs[i] = find_script_program(PROGRAM_NAMES[i]);
    }
    find_pythons();
    return 0;
}

static int
release_both(void **state)
{
    (void)state;
    for (int i = 0; i < PROGRAMS; i++) {
        free(script_programs[i]);
    }
    return 0;
}

static void
need_both(void)
{
    for (int i = 0; i < PROGRAMS; i++) {
        if (script_programs[i] == NULL) {
            print_message("%s is not built: nothing to compare\n",
                          PROGRAM_NAMES[i]);
            skip();
        }
    }
    if (python_count == 0) {
        print_message("no python3 of 3.11 to 3.13: nothing to compare "
                      "with\n");
        skip();
    }
}

/* Compares with one Python; options and scripts as compare.py takes them. */
static void
compare(const struct python *python, const char *options, const char *scripts)
{
    for (int i = 0; i < PROGRAMS; i++) {
        char command[2048];
        snprintf(command, sizeof(command),
                 "%s tests/conformance/compare.py --python %s %s '%s' %s 2>&1",
                 pythons[0].name, python->name, options, script_programs[i],
                 scripts);
        assert_number(run(command), 0);
    }
}

static void
stored_scripts_print_what_python_prints(void **state)
{
    (void)state;
    need_both();
    for (size_t i = 0; i < python_count; i++) {
        compare(&pythons[i], "", "tests/conformance/memory/*.txt");
        compare(&pythons[i], "--loop", "tests/conformance/loop/*.txt");
    }
}

static int
number_of_random_scripts(void)
{
    const char *wanted = getenv("OURO_CONFORMANCE_SCRIPTS");
    return wanted != NULL ? atoi(wanted) : SCRIPTS;
}

static void
random_scripts_print_what_python_prints(void **state)
{
    (void)state;
    char options[64];
    need_both();
    snprintf(options, sizeof(options), "--first %d --generated %d", FIRST_SEED,
             number_of_random_scripts());
    compare(&pythons[0], options, "");
}

/* On every Python: they differ in what asyncio does. */
static void
random_loop_scripts_print_what_python_prints(void **state)
{
    (void)state;
    char options[64];
    need_both();
    snprintf(options, sizeof(options), "--loop --first %d --generated %d",
             FIRST_SEED, number_of_random_scripts());
    for (size_t i = 0; i < python_count; i++) {
        compare(&pythons[i], options, "");
    }
}

static void
every_scenario_that_a_script_can_say_has_one(void **state)
{
    (void)state;
    if (python_count == 0) {
        print_message("no python3 of 3.11 to 3.13: nothing was counted\n");
        skip();
    }
    char command[512];
    snprintf(command, sizeof(command),
             "%s tests/conformance/rows.py tests/conformance/memory/*.txt "
             "tests/conformance/loop/*.txt tests/labs/runtime/*.c 2>&1",
             pythons[0].name);
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
        cmocka_unit_test(random_loop_scripts_print_what_python_prints),
    };
    return cmocka_run_group_tests(cases, find_both, release_both);
}
