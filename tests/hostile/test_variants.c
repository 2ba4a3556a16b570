/* Right files in many manners pass: a few here, all by `make variants`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "labs/testing.h"
#include "tests/support/program.h"

static void
right_variants_pass(void **state)
{
    (void)state;
    char command[1024];
    char said[4096] = "";
    char *build = program_path("ouro-grade");
    *strrchr(build, '/') = '\0';
    if (system("python3 -c '' 2>/dev/null") != 0) {
        skip();
    }
    snprintf(command, sizeof(command),
             "python3 tests/hostile/variants.py '%s' --every 61", build);
    FILE *script = popen(command, "r");
    assert_non_null(script);
    size_t length = fread(said, 1, sizeof(said) - 1, script);
    said[length] = '\0';
    int status = pclose(script);
    free(build);
    if (status != 0) {
        print_error("%s", said);
    }
    assert_number(WEXITSTATUS(status), 0);
    assert_contains(said, "right variants passed");
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(right_variants_pass),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
