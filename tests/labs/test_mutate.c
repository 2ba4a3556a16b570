/* The mutator makes the mutants that it says, on a file where each is known
 * by hand. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "labs/testing.h"
#include "tests/support/tempdir.h"

enum {
    NO_CLANG = 77
};

/* What a command prints, new; skips the test when it lacks clang or Python. */
static char *
output_of(const char *command)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    for (int byte = 0; (byte = getc(out)) != EOF;) {
        putc(byte, memory);
    }
    fclose(memory);
    int status = WEXITSTATUS(pclose(out));
    if (status == NO_CLANG || status == 127) {
        free(text);
        text = NULL;
        print_message("no clang or no python3\n");
        skip();
    }
    assert_number(status, 0);
    return text;
}

static void
every_mutant_of_a_file_is_listed(void **state)
{
    (void)state;
    char *expected = tempdir_read("tests/labs/mutate_fixture.expected");
    assert_non_null(expected);
    char *listed = output_of("python3 tests/labs/mutate.py --list "
                             "tests/labs/mutate_fixture.c");
    assert_text(listed, expected);
    free(listed);
    free(expected);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(every_mutant_of_a_file_is_listed),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
