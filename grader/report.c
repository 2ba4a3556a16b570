#include "grader/report.h"

#include <stdlib.h>
#include <string.h>

#include "grader/buffer.h"

// --- formats ---------------------------------------------------------------

static const struct report_format *const FORMATS[] = {
    &REPORT_TEXT, &REPORT_JSON, &REPORT_JUNIT, &REPORT_TAP,
    &REPORT_GRADESCOPE};

const struct report_format *
report_format_at(size_t index)
{
    return index < sizeof(FORMATS) / sizeof(*FORMATS) ? FORMATS[index] : NULL;
}

const struct report_format *
report_find_format(const char *name)
{
    for (size_t i = 0; report_format_at(i) != NULL; i++) {
        if (strcmp(FORMATS[i]->name, name) == 0) {
            return FORMATS[i];
        }
    }
    return NULL;
}

// --- what a report says ----------------------------------------------------

const char *
report_verdict(const struct report *report)
{
    return report->is_bad_file ? "bad_file"
                               : verdict_name(report->result->verdict);
}

size_t
report_case_count(const struct report *report)
{
    return report->result->case_count > 0 ? report->result->case_count
                                          : report->manifest->case_count;
}

struct grade_case
report_case(const struct report *report, size_t index)
{
    if (report->result->case_count > 0) {
        return report->result->cases[index];
    }
    const struct manifest_case *one = &report->manifest->cases[index];
    return (struct grade_case){.name = one->name,
                               .points = one->points,
                               .state = GRADE_CASE_NOT_RUN,
                               .detail = ""};
}

/* The manifest's row of a case, or NULL. */
static const struct manifest_case *
find_case(const struct report *report, size_t index)
{
    const char *name = report_case(report, index).name;
    for (size_t i = 0; i < report->manifest->case_count; i++) {
        if (strcmp(report->manifest->cases[i].name, name) == 0) {
            return &report->manifest->cases[i];
        }
    }
    return NULL;
}

const char *
report_title(const struct report *report, size_t index)
{
    const struct manifest_case *found = find_case(report, index);
    return found != NULL && found->title[0] != NULL
               ? found->title[0]
               : report_case(report, index).name;
}

const char *
report_help(const struct report *report, size_t index)
{
    const struct manifest_case *found = find_case(report, index);
    return found != NULL && found->help[0] != NULL ? found->help[0] : "";
}

bool
report_is_refused(const struct report *report)
{
    if (report->is_bad_file ||
        report->result->verdict == VERDICT_INTERNAL_ERROR) {
        return true;
    }
    for (size_t i = 0; i < report->result->case_count; i++) {
        if (report->result->cases[i].state == GRADE_CASE_FAILED) {
            return false;
        }
    }
    return report->result->verdict != VERDICT_PASS;
}

/* A text as lines of its own, if it is not empty. */
static void
add_lines(struct buffer *lines, const char *prefix, const char *text)
{
    if (text == NULL || text[0] == '\0') {
        return;
    }
    size_t length = strlen(text);
    buffer_format(lines, "%s%s%s", prefix, text,
                  text[length - 1] == '\n' ? "" : "\n");
}

/* Hands over what was built, or ends without memory. */
static char *
finish(struct buffer *buffer)
{
    if (buffer->bytes == NULL) {
        buffer_add(buffer, "", 0);
    }
    if (buffer->failed) {
        abort();
    }
    return buffer->bytes;
}

char *
report_refusal(const struct report *report)
{
    struct buffer lines = {0};
    add_lines(&lines, "", report->result->reason);
    for (size_t i = 0; i < report->result->message_count; i++) {
        const struct grade_message *message = &report->result->messages[i];
        if (message->line > 0) {
            buffer_format(&lines, "%d:%d: ", message->line, message->column);
        }
        buffer_format(&lines, "%s: ", message->is_error ? "error" : "warning");
        add_lines(&lines, "", message->text);
        if (i == 0) { // the others are often its consequences
            add_lines(&lines, "", message->excerpt);
            add_lines(&lines, "", message->hint);
        }
    }
    return finish(&lines);
}

char *
report_failure(const struct report *report, size_t index)
{
    const struct grade_case one = report_case(report, index);
    const struct grade_divergence *divergence = &one.divergence;
    struct buffer lines = {0};
    buffer_format(&lines, "%s%s\n", verdict_name(one.verdict),
                  one.flaky ? " (a second run came out otherwise)" : "");
    if (divergence->step > 0) {
        static const char *const NOTHING = "nothing more";
        buffer_format(
            &lines, "step %d\nexpected: %s\nyours:    %s\n", divergence->step,
            divergence->expected[0] != '\0' ? divergence->expected : NOTHING,
            divergence->yours[0] != '\0' ? divergence->yours : NOTHING);
        add_lines(&lines, "", divergence->diff);
    }
    add_lines(&lines, "", one.detail);
    add_lines(&lines, "", report_help(report, index));
    return finish(&lines);
}

// --- clean text ------------------------------------------------------------

/* Puts U+FFFD where a character is that not all readers take for one: U+FFFE
 * and U+FFFF (no characters for XML and YAML), U+2028 and U+2029 (the end of a
 * line for some). */
static void
replace(char *text, const char *character)
{
    for (char *at = text; (at = strstr(at, character)) != NULL;) {
        *at++ = '\xEF';
        *at++ = '\xBF';
        *at++ = '\xBD';
    }
}

char *
report_clean(const char *text)
{
    struct buffer clean = {0};
    if (text != NULL) {
        buffer_add_clean(&clean, text, strlen(text), REPORT_TEXT_BYTES);
    }
    char *bytes = finish(&clean);
    replace(bytes, "\xEF\xBF\xBE");
    replace(bytes, "\xEF\xBF\xBF");
    replace(bytes, "\xE2\x80\xA8");
    replace(bytes, "\xE2\x80\xA9");
    return bytes;
}

char *
report_clean_line(const char *text)
{
    char *line = report_clean(text);
    for (char *at = line; (at = strchr(at, '\n')) != NULL;) {
        *at = ' ';
    }
    return line;
}

const char *
report_warning(const struct report *report)
{
    return report->result->is_open
               ? "graded without namespaces (--unsafe-no-namespaces): a "
                 "hostile file could have reached this machine"
               : "";
}
