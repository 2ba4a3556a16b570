/* Files of questions that a careful editor would send back, each with the
 * fault of its name (tests/support/expected.h). */
#include "labs/testing.h"
#include "quiz/core/bank.h"
#include "quiz/core/coverage.h"
#include "quiz/core/lint.h"
#include "quiz/io/content.h"
#include "quiz/io/content_lint.h"
#include "tests/support/expected.h"

static bool
has_no_lab(const char *id, void *data)
{
    (void)data;
    return strcmp(id, "99_nothing") != 0;
}

static int
load(const char *path, struct faults *faults)
{
    static const struct seed SEEDS[] = {{"S001", 0, "test", "One"}};
    static const struct seeds ALL = {SEEDS, 1};
    struct bank *bank = bank_new();
    struct lint_context context = {
        .bank = bank, .seeds = &ALL, .has_lab = has_no_lab};
    int result = content_load_file(path, bank, faults, NULL);
    if (result == 0) {
        content_lint(NULL, &context, faults);
        result = faults->count > 0 ? -1 : 0;
    }
    bank_free(bank);
    return result;
}

static void
good_files_have_no_faults(void **state)
{
    (void)state;
    int wrong = 0;
    assert_true(expected_good("tests/data/lint/good", load, &wrong) >= 5);
    assert_number(wrong, 0);
}

static void
bad_files_have_the_faults_they_name(void **state)
{
    (void)state;
    int wrong = 0;
    assert_true(expected_bad("tests/data/lint/bad", load, &wrong) >= 30);
    assert_number(wrong, 0);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(good_files_have_no_faults),
        cmocka_unit_test(bad_files_have_the_faults_they_name),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
