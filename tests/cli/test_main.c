#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/program.h"

#include <cmocka.h>

/* Runs ouro with the words of line and expects a status, and a piece of what
 * it prints on stdout and on stderr (NULL: nothing is printed there). */
static void
expect(const char *line, int status, const char *out, const char *err)
{
    struct program_result result = program_line(NULL, "ouro %s", line);
    if (result.status != status) {
        fail_msg("ouro %s: status %d, not %d: %s", line, result.status, status,
                 result.err);
    }
    if (out == NULL ? result.out[0] != '\0'
                    : strstr(result.out, out) == NULL) {
        fail_msg("ouro %s printed: %s", line, result.out);
    }
    if (err == NULL ? result.err[0] != '\0'
                    : strstr(result.err, err) == NULL) {
        fail_msg("ouro %s complained: %s", line, result.err);
    }
    program_release(&result);
}

static void
the_version_is_one_line(void **state)
{
    (void)state;
    expect("--version", 0, "ouro 0.", NULL);
}

static void
help_lists_the_commands_in_both_languages(void **state)
{
    (void)state;
    expect("help", 0, "Commands:", NULL);
    expect("--lang ru help", 0, "Команды:", NULL);
    expect("help --lang=ru", 0, "Команды:", NULL);
    expect("--help", 0, "Commands:", NULL);
    expect("-h", 0, "Commands:", NULL);
}

static void
every_command_has_a_page(void **state)
{
    (void)state;
    expect("help help", 0, "usage: ouro help", NULL);
    expect("help --help", 0, "usage: ouro help", NULL);
    expect("quiz -h", 0, "usage: ouro quiz", NULL);
    expect("lab start 01 --help", 0, "usage: ouro lab", NULL);
}

static void
a_mistyped_command_is_answered_with_the_nearest(void **state)
{
    (void)state;
    expect("hepl", 2, NULL, "did you mean 'help'?");
    expect("help hepl", 2, NULL, "did you mean 'help'?");
    expect("xyzzyplugh", 2, NULL, "unknown command 'xyzzyplugh'");
}

static void
wrong_global_options_are_usage_errors(void **state)
{
    (void)state;
    expect("--lang de help", 2, NULL, "unknown language 'de'");
    expect("help --lang", 2, NULL, "needs a value");
    expect("--width 5 help", 2, NULL, "'5' is no width");
    expect("--width x help", 2, NULL, "'x' is no width");
    expect("help help help", 2, NULL, "one command at a time");
}

static void
the_locale_chooses_the_language(void **state)
{
    (void)state;
    const char *const arguments[] = {"help", NULL};
    const char *const russian[] = {"LANG=ru_RU.UTF-8", NULL};
    struct program_result result =
        program_run("ouro", arguments, NULL, russian);
    assert_int_equal(result.status, 0);
    assert_non_null(strstr(result.out, "Команды:"));
    program_release(&result);
}

static void
a_full_disk_is_reported(void **state)
{
    (void)state;
    char command[4096 + 64];
    char *path = program_path("ouro");
    snprintf(command, sizeof(command),
             "'%s' help >/dev/full 2>/dev/null; test $? -eq 3", path);
    free(path);
    assert_int_equal(system(command), 0);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(the_version_is_one_line),
        cmocka_unit_test(help_lists_the_commands_in_both_languages),
        cmocka_unit_test(every_command_has_a_page),
        cmocka_unit_test(a_mistyped_command_is_answered_with_the_nearest),
        cmocka_unit_test(wrong_global_options_are_usage_errors),
        cmocka_unit_test(the_locale_chooses_the_language),
        cmocka_unit_test(a_full_disk_is_reported),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
