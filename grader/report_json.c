/* JSON: one document in one line per report. verdict.schema.json describes
 * it. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "grader/report.h"
#include "grader/report_value.h"

/* Why a case failed, and where. */
static json_t *
cause(const struct report *report, size_t index)
{
    const struct grade_case one = report_case(report, index);
    const struct grade_divergence *place = &one.divergence;
    json_t *object = json_object();
    json_object_set_new(object, "rationale",
                        report_value(verdict_name(one.verdict)));
    json_object_set_new(object, "step", json_integer(place->step));
    json_object_set_new(object, "type", report_value(place->type));
    json_object_set_new(object, "expected", report_value(place->expected));
    json_object_set_new(object, "actual", report_value(place->yours));
    json_object_set_new(object, "diff", report_value(place->diff));
    json_object_set_new(object, "detail", report_value(one.detail));
    json_object_set_new(object, "flaky", json_boolean(one.flaky));
    json_object_set_new(object, "help",
                        report_value(report_help(report, index)));
    return object;
}

static json_t *
case_row(const struct report *report, size_t index)
{
    const struct grade_case one = report_case(report, index);
    bool failed = one.state == GRADE_CASE_FAILED;
    json_t *row = json_object();
    json_object_set_new(row, "name", report_value(one.name));
    json_object_set_new(row, "title",
                        report_value(report_title(report, index)));
    json_object_set_new(
        row, "passed",
        one.state == GRADE_CASE_NOT_RUN ? json_null() : json_boolean(!failed));
    json_object_set_new(row, "points", json_integer(one.points));
    json_object_set_new(row, "time_ms", json_real((double)one.time_us / 1000));
    json_object_set_new(row, "cause",
                        failed ? cause(report, index) : json_null());
    json_object_set_new(row, "dependency",
                        one.needs != NULL ? report_value(one.needs)
                                          : json_null());
    return row;
}

static json_t *
cases(const struct report *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report_case_count(report); i++) {
        json_array_append_new(list, case_row(report, i));
    }
    return list;
}

/* The cause of the first case that failed, with its name. */
static json_t *
first_divergence(const struct report *report)
{
    for (size_t i = 0; i < report->result->case_count; i++) {
        const struct grade_case *one = &report->result->cases[i];
        if (one->state == GRADE_CASE_FAILED) {
            json_t *object = cause(report, i);
            json_object_set_new(object, "name", report_value(one->name));
            return object;
        }
    }
    return json_null();
}

static json_t *
compile(const struct report *report)
{
    const struct grade_result *result = report->result;
    bool compiled = !report->is_bad_file &&
                    result->verdict != VERDICT_COMPILE_ERROR &&
                    result->verdict != VERDICT_INTERNAL_ERROR;
    json_t *list = json_array();
    for (size_t i = 0; i < result->message_count; i++) {
        const struct grade_message *message = &result->messages[i];
        json_t *row = json_object();
        json_object_set_new(row, "line", json_integer(message->line));
        json_object_set_new(row, "column", json_integer(message->column));
        json_object_set_new(
            row, "severity",
            report_value(message->is_error ? "error" : "warning"));
        json_object_set_new(row, "text", report_value(message->text));
        json_object_set_new(row, "code", report_value(message->code));
        json_object_set_new(row, "hint", report_value(message->hint));
        json_object_set_new(row, "excerpt", report_value(message->excerpt));
        json_array_append_new(list, row);
    }
    json_t *object = json_object();
    json_object_set_new(object, "ok", json_boolean(compiled));
    json_object_set_new(object, "diagnostics", list);
    return object;
}

/* What the sanitizers and the count of lost memory found. */
static json_t *
sanitizer(const struct report *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report->result->case_count; i++) {
        const struct grade_case *one = &report->result->cases[i];
        if (one->verdict == VERDICT_SANITIZER ||
            one->verdict == VERDICT_LEAKED) {
            json_t *row = json_object();
            json_object_set_new(row, "case", report_value(one->name));
            json_object_set_new(row, "kind",
                                report_value(verdict_name(one->verdict)));
            json_object_set_new(row, "detail", report_value(one->detail));
            json_array_append_new(list, row);
        }
    }
    return list;
}

static json_t *
limits(const struct report *report)
{
    static const char *const EXCEEDED[VERDICT_COUNT] = {
        [VERDICT_TIMED_OUT] = "time",
        [VERDICT_OVER_MEMORY] = "memory",
        [VERDICT_OVER_OUTPUT] = "output"};
    const struct manifest *manifest = report->manifest;
    const char *exceeded = EXCEEDED[report->result->verdict];
    json_t *object = json_object();
    json_object_set_new(object, "time_ms", json_integer(manifest->time_ms));
    json_object_set_new(object, "memory_mib",
                        json_integer(manifest->memory_mib));
    json_object_set_new(object, "output_kib",
                        json_integer(manifest->output_kib));
    json_object_set_new(object, "exceeded",
                        exceeded != NULL ? report_value(exceeded)
                                         : json_null());
    return object;
}

static json_t *
timing(const struct grade_timing *timing)
{
    const struct {
        const char *name;
        int64_t us;
    } stages[] = {
        {"screen", timing->screen_us},   {"compile", timing->compile_us},
        {"link", timing->link_us},       {"run", timing->run_us},
        {"compare", timing->compare_us}, {"again", timing->again_us},
        {"check", timing->check_us},     {"total", timing->total_us}};
    json_t *object = json_object();
    for (size_t i = 0; i < sizeof(stages) / sizeof(*stages); i++) {
        json_object_set_new(object, stages[i].name,
                            stages[i].us < 0
                                ? json_null()
                                : json_real((double)stages[i].us / 1000));
    }
    return object;
}

/* The words of the level. */
static json_t *
layers(const char *level)
{
    json_t *list = json_array();
    while (*(level += strspn(level, " ")) != '\0') {
        size_t length = strcspn(level, " ");
        json_array_append_new(list, json_stringn(level, length));
        level += length;
    }
    return list;
}

static json_t *
document(const struct report *report)
{
    const struct grade_result *result = report->result;
    json_t *object = json_object();
    json_t *sandbox = json_object();
    json_object_set_new(object, "schema", report_value("ouro.grade/1"));
    json_object_set_new(object, "lab", report_value(report->lab));
    json_object_set_new(object, "submission",
                        report_value(report->submission));
    json_object_set_new(object, "file", report_value(report->file));
    json_object_set_new(object, "sha256", report_value(result->file_sha256));
    json_object_set_new(object, "fingerprint",
                        report_value(report->fingerprint));
    json_object_set_new(object, "verdict",
                        report_value(report_verdict(report)));
    json_object_set_new(object, "reason", report_value(result->reason));
    json_object_set_new(object, "score", json_integer(result->score));
    json_object_set_new(object, "max_score", json_integer(result->max_score));
    json_object_set_new(object, "seed",
                        json_integer((json_int_t)result->seed));
    json_object_set_new(object, "cases", cases(report));
    json_object_set_new(object, "first_divergence", first_divergence(report));
    json_object_set_new(object, "compile", compile(report));
    json_object_set_new(object, "sanitizer", sanitizer(report));
    json_object_set_new(object, "limits", limits(report));
    json_object_set_new(object, "timing_ms", timing(&result->timing));
    json_object_set_new(sandbox, "layers", layers(result->level));
    json_object_set_new(sandbox, "unsafe", json_boolean(result->is_open));
    json_object_set_new(object, "sandbox", sandbox);
    return object;
}

static void
add(FILE *out, const struct report *report)
{
    json_t *object = document(report);
    json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putc('\n', out);
    json_decref(object);
}

const struct report_format REPORT_JSON = {
    .name = "json", .suffix = ".json", .add = add};
