/* JUnit XML, as Jenkins reads it: a suite per submission. A wrong answer is a
 * failure; a crash, a limit, a finding of the sanitizers or a file that was
 * not judged is an error; what was not run is skipped. There is no place for
 * points but the properties. */
#include <inttypes.h>
#include <stdlib.h>

#include "grader/report.h"

/* Text inside of an element or of an attribute's quotes. */
static void
add_escaped(FILE *out, const char *text)
{
    for (char *clean = report_clean(text), *at = clean;; at++) {
        switch (*at) {
        case '\0':
            free(clean);
            return;
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\n':
            fputs("&#10;", out);
            break;
        default:
            putc(*at, out);
        }
    }
}

static void
add_attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    add_escaped(out, value);
    putc('"', out);
}

static void
add_property(FILE *out, const char *name, const char *value)
{
    fputs("      <property", out);
    add_attribute(out, "name", name);
    add_attribute(out, "value", value);
    fputs("/>\n", out);
}

static void
add_number(FILE *out, const char *name, uint64_t value)
{
    char digits[32];
    snprintf(digits, sizeof(digits), "%" PRIu64, value);
    add_property(out, name, digits);
}

/* <failure> or <error>; frees the text. */
static void
add_fault(FILE *out, const char *element, const char *type,
          const char *message, char *text)
{
    fprintf(out, "      <%s", element);
    add_attribute(out, "type", type);
    add_attribute(out, "message", message);
    putc('>', out);
    add_escaped(out, text);
    fprintf(out, "</%s>\n", element);
    free(text);
}

static const char *
element_of(enum verdict verdict)
{
    return verdict == VERDICT_FAIL || verdict == VERDICT_PARTIAL ? "failure"
                                                                 : "error";
}

static void
begin_case(FILE *out, const struct report *report, const char *name,
           int64_t time_us)
{
    fputs("    <testcase", out);
    add_attribute(out, "classname", report->lab);
    add_attribute(out, "name", name);
    fprintf(out, " time=\"%.6f\">\n", (double)time_us / 1e6);
}

static void
add_case(FILE *out, const struct report *report, size_t index)
{
    const struct grade_case one = report_case(report, index);
    begin_case(out, report, one.name, one.time_us);
    if (one.state == GRADE_CASE_FAILED) {
        add_fault(out, element_of(one.verdict), verdict_name(one.verdict),
                  report_title(report, index), report_failure(report, index));
    }
    if (one.state == GRADE_CASE_NOT_RUN) {
        fputs("      <skipped", out);
        add_attribute(out, "message",
                      one.needs != NULL ? one.needs : "not run");
        fputs("/>\n", out);
    }
    fputs("    </testcase>\n", out);
}

static void
begin_suite(FILE *out, const struct report *report)
{
    size_t failures = 0;
    size_t errors = report_is_refused(report);
    size_t skipped = 0;
    for (size_t i = 0; i < report_case_count(report); i++) {
        const struct grade_case one = report_case(report, i);
        bool failed = one.state == GRADE_CASE_FAILED;
        bool wrong = element_of(one.verdict)[0] == 'f';
        failures += failed && wrong;
        errors += failed && !wrong;
        skipped += one.state == GRADE_CASE_NOT_RUN;
    }
    fputs("  <testsuite", out);
    add_attribute(out, "name", report->submission);
    fprintf(out,
            " id=\"%zu\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\""
            " skipped=\"%zu\" time=\"%.6f\">\n",
            report->number - 1,
            report_case_count(report) + report_is_refused(report), failures,
            errors, skipped, (double)report->result->timing.total_us / 1e6);
}

static void
add_properties(FILE *out, const struct report *report)
{
    const struct grade_result *result = report->result;
    fputs("    <properties>\n", out);
    add_property(out, "lab", report->lab);
    add_property(out, "file", report->file);
    add_property(out, "sha256", result->file_sha256);
    add_property(out, "verdict", report_verdict(report));
    add_number(out, "score", (uint64_t)result->score);
    add_number(out, "max_score", (uint64_t)result->max_score);
    add_number(out, "seed", result->seed);
    add_property(out, "sandbox", result->level);
    if (result->is_open) {
        add_property(out, "unsafe", report_warning(report));
    }
    fputs("    </properties>\n", out);
}

static void
begin(FILE *out, size_t count)
{
    (void)count;
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<testsuites name=\"ouro-grade\">\n",
          out);
}

static void
add(FILE *out, const struct report *report)
{
    begin_suite(out, report);
    add_properties(out, report);
    if (report_is_refused(report)) {
        begin_case(out, report, "the file as a whole", 0);
        add_fault(out, "error", report_verdict(report), report_verdict(report),
                  report_refusal(report));
        fputs("    </testcase>\n", out);
    }
    for (size_t i = 0; i < report_case_count(report); i++) {
        add_case(out, report, i);
    }
    fputs("  </testsuite>\n", out);
}

static void
end(FILE *out)
{
    fputs("</testsuites>\n", out);
}

const struct report_format REPORT_JUNIT = {
    .name = "junit", .suffix = ".xml", .begin = begin, .add = add, .end = end};
