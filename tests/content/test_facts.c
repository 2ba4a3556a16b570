/* What the questions say Python does is what Python does: tests/facts.py runs
 * it all. And facts.py finds what is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "labs/testing.h"
#include "tests/support/program.h"

enum {
    SKIPPED = 77,
    SAID_BYTES = 16384
};

/* Runs facts.py with some words after it; what it says is put into said. */
static int
facts(const char *words, char said[SAID_BYTES])
{
    char command[1024];
    char *ouro = program_path("ouro");
    snprintf(command, sizeof(command),
             "python3 tests/facts.py --ouro '%s' %s 2>&1", ouro, words);
    free(ouro);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    size_t length = fread(said, 1, SAID_BYTES - 1, out);
    said[length] = '\0';
    int status = pclose(out);
    if (WIFEXITED(status) &&
        (WEXITSTATUS(status) == SKIPPED || WEXITSTATUS(status) == 127)) {
        print_message("%s", said);
        skip();
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
everything_that_the_questions_say_is_true(void **state)
{
    (void)state;
    char said[SAID_BYTES];
    int status = facts("", said);
    print_message("%s", said);
    assert_int_equal(status, 0);
}

/* A file of tests/data/facts and what is said of it, or NULL: all is true. */
static void
expect(const char *name, const char *said_of_it)
{
    char said[SAID_BYTES];
    char words[256];
    snprintf(words, sizeof(words), "--limit 5 tests/data/facts/%s.yaml", name);
    int status = facts(words, said);
    if (status != (said_of_it != NULL) ||
        (said_of_it != NULL && strstr(said, said_of_it) == NULL)) {
        fail_msg("%s: status %d: %s", name, status, said);
    }
}

static void
a_wrong_output_is_told_with_its_place_and_both_texts(void **state)
{
    (void)state;
    expect("output_is_wrong", "output_is_wrong.yaml:13: test-one (output, ");
    expect("output_is_wrong", "expected\n    3\n  got (hash seed 0)\n    2\n");
}

static void
a_wrong_proof_is_told_with_its_place(void **state)
{
    (void)state;
    expect("proof_is_wrong", "proof_is_wrong.yaml:15: test-one (proof, ");
    expect("proof_fails", "RuntimeError: told");
}

static void
code_that_is_shown_must_be_python(void **state)
{
    (void)state;
    expect("code_is_no_python", "code_is_no_python.yaml:13: test-one (snip");
}

static void
a_session_in_a_text_is_followed(void **state)
{
    (void)state;
    expect("session_is_wrong", "session_is_wrong.yaml:12: test-one (session");
    expect("session_is_wrong", "Expected:\n");
    expect("session_is_wrong", ", 1 not true");
}

static void
what_depends_on_the_hash_seed_is_not_true(void **state)
{
    (void)state;
    expect("output_depends_on_the_hash_seed", "1 not true");
}

static void
a_program_that_never_ends_is_stopped(void **state)
{
    (void)state;
    expect("proof_never_ends", "it is not done after 5.0 s");
}

static void
a_program_needs_nothing_but_python(void **state)
{
    (void)state;
    expect("proof_needs_a_package", "it needs objgraph");
}

static void
what_is_true_passes(void **state)
{
    (void)state;
    expect("all_is_true", NULL);
    expect("proof_leaves_a_process", NULL);
}

static void
another_version_is_not_asked(void **state)
{
    (void)state;
    expect("of_another_version", NULL);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(everything_that_the_questions_say_is_true),
        cmocka_unit_test(a_wrong_output_is_told_with_its_place_and_both_texts),
        cmocka_unit_test(a_wrong_proof_is_told_with_its_place),
        cmocka_unit_test(code_that_is_shown_must_be_python),
        cmocka_unit_test(a_session_in_a_text_is_followed),
        cmocka_unit_test(what_depends_on_the_hash_seed_is_not_true),
        cmocka_unit_test(a_program_that_never_ends_is_stopped),
        cmocka_unit_test(a_program_needs_nothing_but_python),
        cmocka_unit_test(what_is_true_passes),
        cmocka_unit_test(another_version_is_not_asked),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
