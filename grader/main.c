/* ouro-grade LAB FILE...: grades files without the quiz, for CI and
 * classrooms. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "grader/grade.h"

enum exit_code {
    EXIT_ALL_PASS = 0,
    EXIT_NOT_PASSED = 1,
    EXIT_WRONG_USAGE = 2,
    EXIT_BAD_FILE = 3,
    EXIT_BAD_MACHINE = 4,
    EXIT_INTERNAL = 70
};

struct options {
    bool json, until_failure;
    uint64_t seed;
    char *artifacts, *include;
};

static int
usage(const char *problem)
{
    if (problem != NULL) {
        fprintf(stderr, "ouro-grade: %s\n", problem);
    }
    fputs("usage: ouro-grade LAB FILE... [--format text|json] [--seed N] "
          "[--labs DIR] [--until-failure]\n"
          "Judges C files against a lab. Exit codes: 0 all pass, 1 not "
          "passed,\n2 wrong usage, 3 bad file, 4 the machine lacks "
          "something, 70 our own fault.\n",
          stderr);
    return EXIT_WRONG_USAGE;
}

static json_t *
text_json(const char *text)
{
    json_t *value = json_string(text);
    return value != NULL ? value : json_string("(not UTF-8)");
}

static json_t *
case_json(const struct grade_case *one)
{
    json_t *row = json_object();
    bool failed = one->state == GRADE_CASE_FAILED;
    json_object_set_new(row, "name", text_json(one->name));
    json_object_set_new(row, "passed",
                        one->state == GRADE_CASE_NOT_RUN
                            ? json_null()
                            : json_boolean(!failed));
    json_object_set_new(row, "points", json_integer(one->points));
    if (failed) {
        json_t *cause = json_object();
        json_object_set_new(cause, "rationale",
                            json_string(verdict_name(one->verdict)));
        json_object_set_new(cause, "step", json_integer(one->divergence.step));
        json_object_set_new(cause, "expected",
                            text_json(one->divergence.expected));
        json_object_set_new(cause, "actual", text_json(one->divergence.yours));
        json_object_set_new(cause, "type", json_string(one->divergence.type));
        json_object_set_new(cause, "diff", text_json(one->divergence.diff));
        json_object_set_new(cause, "detail", text_json(one->detail));
        json_object_set_new(cause, "flaky", json_boolean(one->flaky));
        json_object_set_new(row, "cause", cause);
    }
    if (one->needs != NULL) {
        json_object_set_new(row, "dependency", text_json(one->needs));
    }
    return row;
}

static json_t *
timing_json(const struct grade_timing *timing)
{
    json_t *object = json_object();
    const struct {
        const char *name;
        int64_t us;
    } STAGES[] = {
        {"compile", timing->compile_us}, {"screen", timing->screen_us},
        {"run", timing->run_us},         {"compare", timing->compare_us},
        {"again", timing->again_us},     {"check", timing->check_us},
        {"total", timing->total_us}};
    for (size_t i = 0; i < sizeof(STAGES) / sizeof(*STAGES); i++) {
        json_object_set_new(object, STAGES[i].name,
                            json_real((double)STAGES[i].us / 1000));
    }
    return object;
}

static json_t *
messages_json(const struct grade_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < result->message_count; i++) {
        const struct grade_message *message = &result->messages[i];
        json_t *row = json_object();
        json_object_set_new(row, "line", json_integer(message->line));
        json_object_set_new(row, "column", json_integer(message->column));
        json_object_set_new(
            row, "severity",
            json_string(message->is_error ? "error" : "warning"));
        json_object_set_new(row, "text", text_json(message->text));
        json_object_set_new(row, "code", json_string(message->code));
        json_object_set_new(row, "hint", text_json(message->hint));
        json_object_set_new(row, "excerpt", text_json(message->excerpt));
        json_array_append_new(list, row);
    }
    return list;
}

static void
print_json(const char *lab, const char *file,
           const struct grade_result *result)
{
    json_t *document = json_object();
    json_t *cases = json_array();
    json_t *compile = json_object();
    json_t *first = json_null();
    for (size_t i = 0; i < result->case_count; i++) {
        const struct grade_case *one = &result->cases[i];
        if (json_is_null(first) && one->state == GRADE_CASE_FAILED) {
            first = case_json(one);
        }
        json_array_append_new(cases, case_json(one));
    }
    bool compiled = result->verdict != VERDICT_COMPILE_ERROR &&
                    result->verdict != VERDICT_INTERNAL_ERROR;
    json_object_set_new(compile, "ok", json_boolean(compiled));
    json_object_set_new(compile, "diagnostics", messages_json(result));
    json_object_set_new(document, "schema", json_string("ouro.grade/1"));
    json_object_set_new(document, "lab", text_json(lab));
    json_object_set_new(document, "file", text_json(file));
    json_object_set_new(document, "sha256", text_json(result->file_sha256));
    json_object_set_new(document, "verdict",
                        json_string(verdict_name(result->verdict)));
    json_object_set_new(document, "reason", text_json(result->reason));
    json_object_set_new(document, "score", json_integer(result->score));
    json_object_set_new(document, "max_score",
                        json_integer(result->max_score));
    json_object_set_new(document, "seed",
                        json_integer((json_int_t)result->seed));
    json_object_set_new(document, "cases", cases);
    json_object_set_new(document, "first_divergence", first);
    json_object_set_new(document, "compile", compile);
    json_object_set_new(document, "timing_ms", timing_json(&result->timing));
    json_object_set_new(document, "sandbox",
                        json_pack("{s:s}", "layers", result->level));
    json_dumpf(document, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(document);
}

/* The lines of a text, indented. */
static void
print_lines(const char *indent, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        printf("%s%.*s\n", indent, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

/* The first message in full; the others are often its consequences. */
static void
print_messages(const struct grade_result *result)
{
    for (size_t i = 0; i < result->message_count; i++) {
        const struct grade_message *message = &result->messages[i];
        printf("  %d:%d: %s: %s\n", message->line, message->column,
               message->is_error ? "error" : "warning", message->text);
        if (i == 0) {
            print_lines("      ", message->excerpt);
            print_lines("  ", message->hint);
        }
    }
}

static void
print_case(const struct grade_case *one)
{
    static const char *const STATES[] = {":)", ":(", ":|"};
    printf("  %s %s\n", STATES[one->state], one->name);
    if (one->state != GRADE_CASE_FAILED) {
        return;
    }
    printf("     %s%s\n", verdict_name(one->verdict),
           one->flaky ? ", flaky" : "");
    if (one->divergence.step > 0) {
        printf("     step %d\n     expected: %s\n     yours:    %s\n",
               one->divergence.step, one->divergence.expected,
               one->divergence.yours);
        print_lines("       ", one->divergence.diff);
    }
    print_lines("     ", one->detail);
}

static void
print_text(const char *file, const struct grade_result *result)
{
    printf("%s: %s, %d of %d points (seed %" PRIu64 ")\n", file,
           verdict_name(result->verdict), result->score, result->max_score,
           result->seed);
    fputs(result->reason, stdout);
    print_messages(result);
    for (size_t i = 0; i < result->case_count; i++) {
        print_case(&result->cases[i]);
    }
}

static int
grade_one(const struct options *options, const char *lab, const char *file)
{
    const struct grade_task task = {.artifacts = options->artifacts,
                                    .include = options->include,
                                    .lab_id = lab,
                                    .file = file,
                                    .seed = options->seed,
                                    .until_failure = options->until_failure};
    struct grade_result result;
    char reason[1024] = "";
    if (grade_file(&task, &result, reason, sizeof(reason)) != 0) {
        fprintf(stderr, "ouro-grade: %s\n", reason);
        return strstr(reason, "gcc") != NULL ? EXIT_BAD_MACHINE
                                             : EXIT_BAD_FILE;
    }
    if (options->json) {
        print_json(lab, file, &result);
    }
    else {
        print_text(file, &result);
    }
    int code = result.verdict == VERDICT_PASS             ? EXIT_ALL_PASS
               : result.verdict == VERDICT_INTERNAL_ERROR ? EXIT_INTERNAL
                                                          : EXIT_NOT_PASSED;
    grade_release(&result);
    return code;
}

int
main(int argc, char **argv)
{
    static const struct option LONG[] = {
        {"format", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},
        {"labs", required_argument, NULL, 'l'},
        {"until-failure", no_argument, NULL, 'u'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    struct options options = {0};
    if (getrandom(&options.seed, sizeof(options.seed), 0) < 0) {
        options.seed = 1;
    }
    options.seed >>= 16; // short enough to be typed again
    grade_find(&options.artifacts, &options.include);
    int status = EXIT_ALL_PASS;
    for (int option = 0;
         (option = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        char *end = NULL;
        if (option == 'f' &&
            (strcmp(optarg, "text") == 0 || strcmp(optarg, "json") == 0)) {
            options.json = optarg[0] == 'j';
        }
        else if (option == 's' && optarg[0] != '\0') {
            errno = 0;
            options.seed = strtoull(optarg, &end, 10);
            // In JSON a number has 63 bits.
            if (errno != 0 || *end != '\0' || optarg[0] == '-' ||
                options.seed > INT64_MAX) {
                status = usage("the seed is a whole number");
            }
        }
        else if (option == 'u') {
            options.until_failure = true;
        }
        else if (option == 'l') {
            free(options.artifacts);
            options.artifacts = strdup(optarg);
        }
        else {
            status =
                usage(option == 'f' ? "the format is text or json" : NULL);
        }
    }
    if (status == EXIT_ALL_PASS && argc - optind < 2) {
        status = usage("name a lab and at least one file");
    }
    if (status == EXIT_ALL_PASS &&
        (options.artifacts == NULL || options.include == NULL)) {
        fputs("ouro-grade: cannot find the labs: say --labs DIR\n", stderr);
        status = EXIT_BAD_MACHINE;
    }
    for (int i = optind + 1; status < EXIT_WRONG_USAGE && i < argc; i++) {
        int code = grade_one(&options, argv[optind], argv[i]);
        status = code > status ? code : status;
    }
    free(options.artifacts);
    free(options.include);
    return status;
}
