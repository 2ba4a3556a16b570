/* Each format is read by a checker that knows its rules and nothing of how it
 * was written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "grader/report.h"
#include "labs/testing.h"
#include "tests/support/tempdir.h"

enum {
    SKIPPED = 77
};

static char *folder;
static const char *python;

/* The first Python that has what the checker needs. */
static int
find_python(void **state)
{
    static const char *const PYTHONS[] = {"python3", "/usr/bin/python3"};
    (void)state;
    folder = tempdir_make();
    for (size_t i = 0; i < 2 && python == NULL; i++) {
        char command[128];
        snprintf(command, sizeof(command),
                 "%s -c 'import yaml, jsonschema' 2>/dev/null", PYTHONS[i]);
        python = system(command) == 0 ? PYTHONS[i] : NULL;
    }
    return 0;
}

static int
leave(void **state)
{
    (void)state;
    tempdir_remove(folder);
    return 0;
}

// --- reports ---------------------------------------------------------------

/* Whatever somebody might want to slip into a report. */
static const char HOSTILE[] =
    "\nok 1 - forged\n1..1\nBail out! # TODO \\# SKIP\n...\n---\n"
    "]]> <testcase/> &amp; \"quoted\" '--> \x1b[31m\x07\x01\x7f\t\r"
    "\xff\xc3\x28 \xc0\xaf \xed\xa0\x80 \xef\xbf\xbe \xef\xbf\xbf \xc2\x85"
    "\xe2\x80\xa8 \xe2\x80\xae \xf0\x9f\x98\x80 {\"score\": 100}\n";

static struct manifest manifest = {
    .lab = (char[]){"01_lab"},
    .time_ms = 500,
    .memory_mib = 96,
    .output_kib = 64,
    .cases = {{.name = (char[]){"first"}, .points = 2, .needs = (char[]){" "}},
              {.name = (char[]){"second #2 \\"},
               .points = 3,
               .needs = (char[]){" first "}},
              {.name = (char[]){"third"},
               .points = 4,
               .needs = (char[]){" second "}}},
    .case_count = 3};

static const struct grade_case CASES[] = {
    {.name = "first",
     .points = 2,
     .state = GRADE_CASE_PASSED,
     .divergence = {.expected = "", .yours = "", .diff = ""},
     .detail = "",
     .time_us = 1500},
    {.name = "second #2 \\",
     .points = 3,
     .state = GRADE_CASE_FAILED,
     .verdict = VERDICT_SANITIZER,
     .flaky = true,
     .divergence = {.step = 2,
                    .type = "string",
                    .expected = HOSTILE,
                    .yours = HOSTILE,
                    .diff = HOSTILE},
     .detail = HOSTILE},
    {.name = "third",
     .points = 4,
     .state = GRADE_CASE_NOT_RUN,
     .needs = "second #2 \\",
     .detail = ""}};

static const struct grade_message MESSAGES[] = {{.line = 3,
                                                 .column = 1,
                                                 .is_error = true,
                                                 .text = HOSTILE,
                                                 .code = HOSTILE,
                                                 .hint = HOSTILE,
                                                 .excerpt = HOSTILE}};

/* A result with the cases above, or with none if it is refused. */
static struct grade_result
result_of(enum verdict verdict, bool has_cases)
{
    return (struct grade_result){.verdict = verdict,
                                 .score = has_cases ? 2 : 0,
                                 .max_score = 9,
                                 .seed = INT64_MAX,
                                 .cases = CASES,
                                 .case_count = has_cases ? 3 : 0,
                                 .messages = MESSAGES,
                                 .message_count = 1,
                                 .reason = has_cases ? "" : HOSTILE,
                                 .file_sha256 = "",
                                 .level = "user pid seccomp"};
}

static struct report
report_of(const struct grade_result *result)
{
    return (struct report){.lab = HOSTILE,
                           .submission = HOSTILE,
                           .file = HOSTILE,
                           .fingerprint = "",
                           .manifest = &manifest,
                           .result = result,
                           .number = 1,
                           .count = 1};
}

/* The document of some reports; a new path. */
static char *
write_document(const struct report_format *format, struct report *reports,
               size_t count)
{
    char *path = tempdir_write(folder, "document", "");
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    if (format->begin != NULL) {
        format->begin(out, count);
    }
    for (size_t i = 0; i < count; i++) {
        reports[i].number = i + 1;
        reports[i].count = count;
        format->add(out, &reports[i]);
    }
    if (format->end != NULL) {
        format->end(out);
    }
    assert_int_equal(fclose(out), 0);
    return path;
}

/* What the checker says of a document; fails the test if a rule is broken. */
static void
assert_reads(const char *format, struct report *reports, size_t count,
             const char *expected)
{
    if (python == NULL) {
        print_message("no python3 with yaml and jsonschema\n");
        skip();
    }
    char *path = write_document(report_find_format(format), reports, count);
    char command[512];
    char said[1024] = "";
    snprintf(command, sizeof(command),
             "%s tests/grader/check_report.py %s '%s' 2>&1", python, format,
             path);
    FILE *checker = popen(command, "r");
    assert_non_null(checker);
    size_t length = fread(said, 1, sizeof(said) - 1, checker);
    said[length] = '\0';
    int status = pclose(checker);
    if (status != 0) {
        print_error("%s: %s\n", format, said);
    }
    assert_int_equal(status, 0);
    assert_string_equal(said, expected);
    free(path);
}

// --- cases -----------------------------------------------------------------

static void
hostile_text_breaks_no_format(void **state)
{
    (void)state;
    const struct grade_result result = result_of(VERDICT_SANITIZER, true);
    struct report report = report_of(&result);
    assert_reads("json", &report, 1, "sanitizer 2 9\n");
    assert_reads("junit", &report, 1, "sanitizer 2 9\n");
    assert_reads("tap", &report, 1, "1 of 3\n");
    assert_reads("gradescope", &report, 1, "sanitizer 2\n");
}

static void
a_file_that_does_not_compile_has_all_cases_and_no_points(void **state)
{
    (void)state;
    const struct grade_result result = result_of(VERDICT_COMPILE_ERROR, false);
    struct report report = report_of(&result);
    assert_reads("json", &report, 1, "compile_error 0 9\n");
    assert_reads("junit", &report, 1, "compile_error 0 9\n");
    assert_reads("tap", &report, 1, "compile_error\n");
    assert_reads("gradescope", &report, 1, "compile_error 0\n");
}

static void
an_error_of_ours_is_a_whole_document_too(void **state)
{
    (void)state;
    const struct grade_result result =
        result_of(VERDICT_INTERNAL_ERROR, false);
    struct report report = report_of(&result);
    assert_reads("json", &report, 1, "internal_error 0 9\n");
    assert_reads("junit", &report, 1, "internal_error 0 9\n");
    assert_reads("tap", &report, 1, "internal_error bails out\n");
    assert_reads("gradescope", &report, 1, "internal_error 0\n");
}

static void
what_is_no_c_file_is_a_whole_document_too(void **state)
{
    (void)state;
    const struct grade_result result = result_of(VERDICT_FAIL, false);
    struct report report = report_of(&result);
    report.is_bad_file = true;
    assert_reads("json", &report, 1, "bad_file 0 9\n");
    assert_reads("junit", &report, 1, "bad_file 0 9\n");
    assert_reads("tap", &report, 1, "bad_file\n");
    assert_reads("gradescope", &report, 1, "bad_file 0\n");
}

static void
a_document_holds_many_reports(void **state)
{
    (void)state;
    const struct grade_result results[] = {
        result_of(VERDICT_SANITIZER, true),
        result_of(VERDICT_INTERNAL_ERROR, false),
        result_of(VERDICT_COMPILE_ERROR, false)};
    struct report reports[3];
    for (size_t i = 0; i < 3; i++) {
        reports[i] = report_of(&results[i]);
    }
    assert_reads("json", reports, 3,
                 "sanitizer 2 9\ninternal_error 0 9\ncompile_error 0 9\n");
    assert_reads("junit", reports, 3,
                 "sanitizer 2 9\ninternal_error 0 9\ncompile_error 0 9\n");
    assert_reads("tap", reports, 3, "1 of 3\ninternal_error\ncompile_error\n");
}

static void
a_document_may_hold_no_report(void **state)
{
    (void)state;
    assert_reads("json", NULL, 0, "");
    assert_reads("junit", NULL, 0, "");
    assert_reads("tap", NULL, 0, "nothing\n");
}

static void
points_that_do_not_add_up_stand_in_one_place(void **state)
{
    (void)state;
    struct grade_result result = result_of(VERDICT_SANITIZER, true);
    result.score = 1;
    struct report report = report_of(&result);
    assert_reads("gradescope", &report, 1, "sanitizer 1\n");
}

static void
text_is_cut_at_64_kib(void **state)
{
    (void)state;
    char *text = malloc(300001);
    assert_non_null(text);
    memset(text, '\x01', 300000); // four bytes each, once it can be shown
    text[300000] = '\0';
    char *clean = report_clean(text);
    assert_true(strlen(clean) <= REPORT_TEXT_BYTES);
    assert_true(strlen(clean) > REPORT_TEXT_BYTES - 32);
    assert_string_equal(clean + strlen(clean) - 6, " [...]");
    struct grade_result result = result_of(VERDICT_FORBIDDEN, false);
    result.reason = text;
    struct report report = report_of(&result);
    assert_reads("json", &report, 1, "forbidden 0 9\n");
    assert_reads("tap", &report, 1, "forbidden\n");
    free(clean);
    free(text);
}

static void
a_person_sees_no_escape_either(void **state)
{
    (void)state;
    const struct grade_result result = result_of(VERDICT_SANITIZER, true);
    struct report report = report_of(&result);
    char *path = write_document(&REPORT_TEXT, &report, 1);
    char *text = tempdir_read(path);
    assert_non_null(text);
    for (const char *at = text; *at != '\0'; at++) {
        assert_true((unsigned char)*at >= 0x20 || *at == '\n');
    }
    assert_non_null(strstr(text, ":( second #2"));
    free(text);
    free(path);
}

static void
a_format_is_found_by_its_name(void **state)
{
    (void)state;
    assert_ptr_equal(report_find_format("tap"), &REPORT_TAP);
    assert_null(report_find_format("html"));
    assert_null(report_find_format(""));
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(hostile_text_breaks_no_format),
        cmocka_unit_test(
            a_file_that_does_not_compile_has_all_cases_and_no_points),
        cmocka_unit_test(an_error_of_ours_is_a_whole_document_too),
        cmocka_unit_test(what_is_no_c_file_is_a_whole_document_too),
        cmocka_unit_test(a_document_holds_many_reports),
        cmocka_unit_test(a_document_may_hold_no_report),
        cmocka_unit_test(points_that_do_not_add_up_stand_in_one_place),
        cmocka_unit_test(text_is_cut_at_64_kib),
        cmocka_unit_test(a_person_sees_no_escape_either),
        cmocka_unit_test(a_format_is_found_by_its_name),
    };
    return cmocka_run_group_tests(cases, find_python, leave);
}
