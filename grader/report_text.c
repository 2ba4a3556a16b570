/* Text: for a person at a terminal. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "grader/report.h"

/* The lines of a text, indented; frees it. */
static void
add_lines(FILE *out, const char *indent, char *text)
{
    char *clean = report_clean(text);
    for (const char *at = clean; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        fprintf(out, "%s%.*s\n", indent, (int)length, at);
        at += length + (at[length] == '\n');
    }
    free(clean);
    free(text);
}

static void
add_case(FILE *out, const struct report *report, size_t index)
{
    static const char *const MARKS[] = {":)", ":(", ":|"};
    const struct grade_case one = report_case(report, index);
    char *name = report_clean_line(one.name);
    fprintf(out, "  %s %s\n", MARKS[one.state], name);
    free(name);
    if (one.state == GRADE_CASE_FAILED) {
        add_lines(out, "     ", report_failure(report, index));
    }
}

static void
add(FILE *out, const struct report *report)
{
    const struct grade_result *result = report->result;
    char *file = report_clean_line(report->file);
    fprintf(out, "%s: %s, %d of %d points (seed %" PRIu64 ")\n", file,
            report_verdict(report), result->score, result->max_score,
            result->seed);
    free(file);
    if (report->result->is_open) {
        fprintf(out, "  %s\n", report_warning(report));
    }
    add_lines(out, "  ", report_refusal(report));
    for (size_t i = 0; i < result->case_count; i++) {
        add_case(out, report, i);
    }
}

const struct report_format REPORT_TEXT = {
    .name = "text", .suffix = ".txt", .add = add};
