/* Gradescope's results.json. The points stand in one place: with the tests
 * when these add up to the score, else at the top. */
#include <jansson.h>
#include <stdlib.h>

#include "grader/report.h"
#include "grader/report_value.h"

/* A text that was made for this; frees it. */
static json_t *
taken(char *any)
{
    json_t *value = report_value(any);
    free(any);
    return value;
}

static json_t *
extra_data(const struct report *report)
{
    const struct grade_result *result = report->result;
    json_t *object = json_object();
    json_object_set_new(object, "lab", report_value(report->lab));
    json_object_set_new(object, "verdict",
                        report_value(report_verdict(report)));
    json_object_set_new(object, "seed",
                        json_integer((json_int_t)result->seed));
    json_object_set_new(object, "sha256", report_value(result->file_sha256));
    json_object_set_new(object, "sandbox", report_value(result->level));
    json_object_set_new(object, "unsafe", json_boolean(result->is_open));
    return object;
}

/* Whether the cases that passed give the score. */
static bool
adds_up(const struct report *report)
{
    int points = 0;
    for (size_t i = 0; i < report_case_count(report); i++) {
        const struct grade_case one = report_case(report, i);
        points += one.state == GRADE_CASE_PASSED ? one.points : 0;
    }
    return points == report->result->score;
}

static json_t *
output(const struct report *report, size_t index)
{
    const struct grade_case one = report_case(report, index);
    if (one.state == GRADE_CASE_FAILED) {
        return taken(report_failure(report, index));
    }
    if (one.state == GRADE_CASE_PASSED) {
        return report_value("");
    }
    char *sentence = NULL;
    if (one.needs == NULL ||
        asprintf(&sentence, "Not run: it needs %s.", one.needs) < 0) {
        return report_value("Not run.");
    }
    return taken(sentence);
}

static json_t *
test(const struct report *report, size_t index, bool with_points)
{
    const struct grade_case one = report_case(report, index);
    bool passed = one.state == GRADE_CASE_PASSED;
    char number[32];
    snprintf(number, sizeof(number), "%zu", index + 1);
    json_t *object = json_object();
    if (with_points) {
        json_object_set_new(object, "score",
                            json_integer(passed ? one.points : 0));
        json_object_set_new(object, "max_score", json_integer(one.points));
    }
    json_object_set_new(object, "status",
                        report_value(passed ? "passed" : "failed"));
    json_object_set_new(object, "name",
                        report_value(report_title(report, index)));
    json_object_set_new(object, "number", report_value(number));
    json_object_set_new(object, "output", output(report, index));
    json_object_set_new(object, "visibility", report_value("visible"));
    return object;
}

/* What is said above the tests. */
static json_t *
summary(const struct report *report)
{
    char *refusal = report_refusal(report);
    char *whole = NULL;
    const char *warning = report_warning(report);
    if (asprintf(&whole, "%s: %d of %d points\n%s%s%s", report_verdict(report),
                 report->result->score, report->result->max_score, refusal,
                 warning, warning[0] != '\0' ? "\n" : "") < 0) {
        abort();
    }
    free(refusal);
    return taken(whole);
}

static void
add(FILE *out, const struct report *report)
{
    bool with_points = adds_up(report) && !report_is_refused(report);
    json_t *object = json_object();
    json_t *tests = json_array();
    for (size_t i = 0; i < report_case_count(report); i++) {
        json_array_append_new(tests, test(report, i, with_points));
    }
    if (!with_points) {
        json_object_set_new(object, "score",
                            json_integer(report->result->score));
    }
    json_object_set_new(
        object, "execution_time",
        json_real((double)report->result->timing.total_us / 1e6));
    json_object_set_new(object, "output", summary(report));
    json_object_set_new(object, "output_format", report_value("text"));
    json_object_set_new(object, "test_output_format", report_value("text"));
    json_object_set_new(object, "test_name_format", report_value("text"));
    json_object_set_new(object, "visibility", report_value("visible"));
    json_object_set_new(object, "stdout_visibility", report_value("hidden"));
    json_object_set_new(object, "extra_data", extra_data(report));
    json_object_set_new(object, "tests", tests);
    json_dumpf(object, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putc('\n', out);
    json_decref(object);
}

const struct report_format REPORT_GRADESCOPE = {.name = "gradescope",
                                                .suffix = ".gradescope",
                                                .is_single = true,
                                                .add = add};
