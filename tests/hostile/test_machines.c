/* What the programs say and do on a machine that lacks something, as root and
 * as anybody. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/testing.h"
#include "tests/support/program.h"
#include "tests/support/refusal.h"
#include "tests/support/tempdir.h"

enum {
    NOBODY = 65534,
    CANNOT = 77
};

/* Runs a program where something is refused. Ends the process with 1 unless it
 * ends with status, and says these words on stdout or stderr. */
static void
must_say(const char *program, const char *options, int status,
         const char *words)
{
    struct program_result result =
        program_line(NULL, "%s labs/runtime/object.c %s", program, options);
    if (result.status != status || (strstr(result.out, words) == NULL &&
                                    strstr(result.err, words) == NULL)) {
        fprintf(stderr, "%s %s: status %d, expected %d and '%s'\n%s%s",
                program, options, result.status, status, words, result.out,
                result.err);
        _exit(1);
    }
    program_release(&result);
}

static void
call(const char *options, int status, const char *words)
{
    must_say("ouro-grade 01_refcount --seed 7", options, status, words);
}

/* The same of the learner's program, which keeps what it does in a folder that
 * is new. */
static void
check(const char *options, int status, const char *words)
{
    char *folder = tempdir_make();
    char line[512];
    snprintf(line, sizeof(line), "%s --profile %s/profile --no-cache", options,
             folder);
    must_say("ouro lab grade 01", line, status, words);
    tempdir_remove(folder);
}

static void
must_end_well(bool as_nobody, unsigned refused, void (*test)(void))
{
    int status = 0;
    char *grader = program_path("ouro-grade");
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (as_nobody && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0 ||
                          prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 ||
                          access("labs/runtime/object.c", R_OK) != 0 ||
                          access(grader, X_OK) != 0)) {
            _exit(CANNOT);
        }
        if (refusal_begin(refused) != 0) {
            _exit(CANNOT);
        }
        test();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    free(grader);
    if (WEXITSTATUS(status) != CANNOT) {
        assert_number(status, 0);
    }
}

static void
expect_a_refusal(void)
{
    call("", 4, "--unsafe-no-namespaces");
    call("--format json", 4, "\"internal_error\"");
    check("", 4, "--unsafe-no-namespaces");
    check("--lang ru", 4, "ключ --unsafe-no-namespaces");
}

static void
without_namespaces_it_refuses_and_names_the_way_out(void **state)
{
    (void)state;
    must_end_well(false, REFUSAL_OF_NAMESPACES, expect_a_refusal);
    must_end_well(true, REFUSAL_OF_NAMESPACES, expect_a_refusal);
}

static void
expect_a_warning(void)
{
    static const char WARNING[] = "graded without namespaces";
    static const char OPTION[] = "--unsafe-no-namespaces --format";
    char line[64];
    snprintf(line, sizeof(line), "%s json", OPTION);
    call(line, 0, "\"unsafe\":true");
    call(line, 0, "\"verdict\":\"pass\"");
    check("--unsafe-no-namespaces", 0, "Checked without namespaces");
    check("--unsafe-no-namespaces --json", 0, "\"unsafe\": true");
    static const char *const FORMATS[] = {"text", "junit", "tap",
                                          "gradescope"};
    for (size_t i = 0; i < 4; i++) {
        snprintf(line, sizeof(line), "%s %s", OPTION, FORMATS[i]);
        call(line, 0, WARNING);
    }
}

static void
with_the_way_out_every_format_says_so(void **state)
{
    (void)state;
    must_end_well(false, REFUSAL_OF_NAMESPACES, expect_a_warning);
    must_end_well(true, REFUSAL_OF_NAMESPACES, expect_a_warning);
}

static void
expect_namespaces(void)
{
    call("--unsafe-no-namespaces --format json", 0, "\"unsafe\":false");
    call("--unsafe-no-namespaces --format json", 0, "\"mount\"");
    check("--unsafe-no-namespaces --json", 0, "\"unsafe\": false");
}

static void
where_there_are_namespaces_the_way_out_changes_nothing(void **state)
{
    (void)state;
    must_end_well(false, 0, expect_namespaces);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(without_namespaces_it_refuses_and_names_the_way_out),
        cmocka_unit_test(with_the_way_out_every_format_says_so),
        cmocka_unit_test(
            where_there_are_namespaces_the_way_out_changes_nothing),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
