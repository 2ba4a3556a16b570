/* What the questions say Python prints is what python3 prints: every output
 * question is run, twice with different hash seeds, by the python3 that is
 * found; one whose versions do not include it is counted as left out. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "quiz/core/bank.h"
#include "quiz/core/error.h"
#include "quiz/core/question.h"
#include "quiz/io/content.h"
#include "tests/support/tempdir.h"

#include <cmocka.h>

enum {
    TIME_LIMIT_S = 20
};

struct version {
    int major, minor;
};

/* What a command line of python3 prints, new, or NULL when it cannot be run,
 * fails or takes too long. */
static char *
python_output(const char *folder, const char *file, const char *hash_seed)
{
    FILE *out = tmpfile();
    assert_non_null(out);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(fileno(out), 1);
        if (chdir(folder) != 0) {
            _exit(126);
        }
        alarm(TIME_LIMIT_S);
        setenv("PYTHONHASHSEED", hash_seed, 1);
        setenv("PYTHONIOENCODING", "utf-8", 1);
        unsetenv("PYTHONASYNCIODEBUG");
        execlp("python3", "python3", "-s", file, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    rewind(out);
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    for (int byte = 0; (byte = getc(out)) != EOF;) {
        putc(byte, memory);
    }
    fclose(memory);
    fclose(out);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        free(text);
        return NULL;
    }
    while (size > 0 && text[size - 1] == '\n') {
        text[--size] = '\0';
    }
    return text;
}

/* The version of python3, {0, 0} if there is none. */
static struct version
python_version(const char *folder)
{
    struct version version = {0, 0};
    char *file = tempdir_write(
        folder, "version.py",
        "import sys\nprint('%d %d' % tuple(sys.version_info[:2]))\n");
    char *text = python_output(folder, file, "0");
    if (text != NULL) {
        char *rest = NULL;
        version.major = (int)strtol(text, &rest, 10);
        version.minor = (int)strtol(rest, NULL, 10);
    }
    free(text);
    free(file);
    return version;
}

/* Whether a claim like ">=3.8, <3.14" (NULL: any) includes the version. */
static bool
claim_includes(const char *claim, struct version version)
{
    int here = version.major * 100 + version.minor;
    for (const char *at = claim; at != NULL && *at != '\0';) {
        at += strspn(at, " ,");
        size_t sign = strspn(at, "<>=!");
        char *end = NULL;
        int there = (int)strtol(at + sign, &end, 10) * 100;
        if (*end == '.') {
            there += (int)strtol(end + 1, &end, 10);
        }
        bool holds = strncmp(at, ">=", 2) == 0   ? here >= there
                     : strncmp(at, "<=", 2) == 0 ? here <= there
                     : strncmp(at, "!=", 2) == 0 ? here != there
                     : *at == '<'                ? here < there
                     : *at == '>'                ? here > there
                                                 : here == there;
        if (!holds) {
            return false;
        }
        at = end;
    }
    return true;
}

static int
count_wrong(const struct question *question, const char *folder)
{
    static const char *const HASH_SEEDS[] = {"0", "4242"};
    int wrong = 0;
    char *file = tempdir_write(folder, "snippet.py", question->code);
    for (size_t i = 0; i < 2; i++) {
        char *said = python_output(folder, file, HASH_SEEDS[i]);
        if (said == NULL || strcmp(said, question->output.answer) != 0) {
            print_error("%s:%d: '%s' says:\n%s\nbut python3 prints:\n%s\n",
                        question->file, question->line, question->id,
                        question->output.answer,
                        said != NULL ? said : "(it failed)");
            wrong = 1;
        }
        free(said);
    }
    free(file);
    return wrong;
}

static void
every_output_question_is_right(void **state)
{
    (void)state;
    char *folder = tempdir_make();
    struct version version = python_version(folder);
    if (version.major != 3 || version.minor < 8) {
        tempdir_remove(folder);
        print_message("no python3 of 3.8 or later: nothing could be run\n");
        skip();
    }
    struct bank *bank = bank_new();
    struct error err;
    if (content_load_bank("content", bank, NULL, &err) != 0) {
        fail_msg("%s", err.message);
    }
    int run = 0;
    int left_out = 0;
    int wrong = 0;
    for (size_t i = 0; i < bank_count(bank); i++) {
        const struct question *question = bank_at(bank, i);
        if (question->kind != QUESTION_OUTPUT ||
            question->code_lang != CODE_PYTHON) {
            continue;
        }
        if (!claim_includes(question->python, version)) {
            left_out++;
            continue;
        }
        run++;
        wrong += count_wrong(question, folder);
    }
    print_message("python %d.%d: %d output questions run, %d are for other "
                  "versions, %d are wrong\n",
                  version.major, version.minor, run, left_out, wrong);
    bank_free(bank);
    tempdir_remove(folder);
    assert_true(run > 0);
    assert_int_equal(wrong, 0);
}

static void
claims_about_versions_are_understood(void **state)
{
    (void)state;
    struct version version = {3, 11};
    assert_true(claim_includes(NULL, version));
    assert_true(claim_includes(">=3.8", version));
    assert_true(claim_includes(">=3.8, <3.14", version));
    assert_false(claim_includes(">=3.12", version));
    assert_false(claim_includes(">=3.8,<3.11", version));
    assert_false(claim_includes("!=3.11", version));
    assert_true(claim_includes("==3.11", version));
    assert_true(claim_includes("<=3.11, >3.10", version));
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(claims_about_versions_are_understood),
        cmocka_unit_test(every_output_question_is_right),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
