/* TAP 14. One submission is a plain stream with a point per case; of many,
 * each is a subtest and a point. The plan comes first, so that what is missing
 * is a failure, too. Values are JSON strings, which YAML knows. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "grader/report.h"

/* A description: '#' begins a directive and '\' escapes. */
static void
add_description(FILE *out, const char *text)
{
    char *line = report_clean_line(text);
    size_t length = strlen(line);
    while (length > 0 && line[length - 1] == ' ') {
        line[--length] = '\0';
    }
    const char *start = line + strspn(line, " ");
    for (const char *at = start; *at != '\0'; at++) {
        if (*at == '#' || *at == '\\') {
            putc('\\', out);
        }
        putc(*at, out);
    }
    free(line);
}

static const char *
indent_of(const struct report *report)
{
    return report->count > 1 ? "    " : "";
}

static void
add_text(FILE *out, const char *indent, const char *key, const char *text)
{
    char *clean = report_clean(text);
    json_t *value = json_string(clean);
    fprintf(out, "%s  %s: ", indent, key);
    json_dumpf(value, out, JSON_ENCODE_ANY);
    putc('\n', out);
    json_decref(value);
    free(clean);
}

static void
add_point(FILE *out, const char *indent, bool ok, size_t number,
          const char *description)
{
    fprintf(out, "%s%s %zu - ", indent, ok ? "ok" : "not ok", number);
    add_description(out, description);
}

static void
add_failure(FILE *out, const struct report *report, size_t index)
{
    const char *indent = indent_of(report);
    const struct grade_case one = report_case(report, index);
    char *message = report_failure(report, index);
    fprintf(out, "\n%s  ---\n", indent);
    add_text(out, indent, "message", message);
    add_text(out, indent, "severity", "fail");
    add_text(out, indent, "verdict", verdict_name(one.verdict));
    if (one.divergence.step > 0) {
        add_text(out, indent, "got", one.divergence.yours);
        add_text(out, indent, "expect", one.divergence.expected);
        fprintf(out, "%s  at: {step: %d}\n", indent, one.divergence.step);
    }
    fprintf(out, "%s  points: 0\n%s  max: %d\n%s  ms: %.3f\n", indent, indent,
            one.points, indent, (double)one.time_us / 1000);
    fprintf(out, "%s  ...\n", indent);
    free(message);
}

static void
add_case(FILE *out, const struct report *report, size_t index, size_t number)
{
    const struct grade_case one = report_case(report, index);
    add_point(out, indent_of(report), one.state != GRADE_CASE_FAILED, number,
              one.name);
    switch (one.state) {
    case GRADE_CASE_PASSED:
        putc('\n', out);
        break;
    case GRADE_CASE_FAILED:
        add_failure(out, report, index);
        break;
    case GRADE_CASE_NOT_RUN:
        fputs(" # SKIP ", out);
        add_description(out, one.needs != NULL ? one.needs : "not run");
        putc('\n', out);
        break;
    }
}

/* The point of a file that was not judged. */
static void
add_refusal(FILE *out, const struct report *report)
{
    const char *indent = indent_of(report);
    char *message = report_refusal(report);
    add_point(out, indent, false, 1, "the file as a whole");
    fprintf(out, "\n%s  ---\n", indent);
    add_text(out, indent, "message", message);
    add_text(out, indent, "severity", "fail");
    add_text(out, indent, "verdict", report_verdict(report));
    fprintf(out, "%s  ...\n", indent);
    free(message);
}

static void
add_points(FILE *out, const struct report *report)
{
    size_t refused = report_is_refused(report);
    fprintf(out, "%s1..%zu\n", indent_of(report),
            report_case_count(report) + refused);
    if (refused) {
        add_refusal(out, report);
    }
    for (size_t i = 0; i < report_case_count(report); i++) {
        add_case(out, report, i, i + 1 + refused);
    }
}

static void
begin(FILE *out, size_t count)
{
    fputs("TAP version 14\n", out);
    if (count != 1) {
        fprintf(out, "1..%zu\n", count);
    }
}

static void
add(FILE *out, const struct report *report)
{
    if (report->count > 1) {
        fputs("# Subtest: ", out);
        add_description(out, report->submission);
        putc('\n', out);
    }
    if (report->result->is_open) {
        fprintf(out, "%s# %s\n", indent_of(report), report_warning(report));
    }
    add_points(out, report);
    if (report->count > 1) {
        add_point(out, "", report->result->verdict == VERDICT_PASS,
                  report->number, report->submission);
        putc('\n', out);
    }
    else if (report->result->verdict == VERDICT_INTERNAL_ERROR) {
        fputs("Bail out! ", out);
        add_description(out, report->result->reason);
        putc('\n', out);
    }
}

const struct report_format REPORT_TAP = {
    .name = "tap", .suffix = ".tap", .begin = begin, .add = add};
