/* Report: what one grading came to, for people and for other programs.
 *
 * All formats say the same, drawn from the same struct. Whatever a learner's
 * file printed is never in them as it was: every text is made valid UTF-8
 * without control characters and cut before it is escaped for its format. */
#ifndef GRADER_REPORT_H
#define GRADER_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "grader/grade.h"
#include "grader/manifest.h"

enum {
    REPORT_TEXT_BYTES = 64 << 10 // of a text, at most
};

struct report {
    const char *lab;         // its id
    const char *submission;  // its name among many; any bytes
    const char *file;        // as it was named; any bytes
    const char *fingerprint; // of all that the verdict depends on; or ""
    const struct manifest *manifest;
    const struct grade_result *result;
    bool is_bad_file; // there was nothing to grade: no verdict but a reason
    size_t number;    // its place among the reports of a document, from 1
    size_t count;     // how many these are
};

/* What whoever reads the verdict must know about how it came about, or "". */
const char *report_warning(const struct report *report);

struct report_format {
    const char *name;   // "junit"
    const char *suffix; // of a file that holds one report: ".xml"
    bool is_single;     // a document holds one report and no more

    /* A document is a begin, an add for each report in order, and an end.
     * begin and end are NULL when there is nothing round the reports. */
    void (*begin)(FILE *out, size_t count);
    void (*add)(FILE *out, const struct report *report);
    void (*end)(FILE *out);
};

extern const struct report_format REPORT_TEXT, REPORT_JSON, REPORT_JUNIT,
    REPORT_TAP, REPORT_GRADESCOPE;

/* The format of this name, or NULL. */
const struct report_format *report_find_format(const char *name);
/* The format number index, or NULL behind the last. */
const struct report_format *report_format_at(size_t index);

/* --- for the formats ----------------------------------------------------- */

/* The verdict's name, or "bad_file". */
const char *report_verdict(const struct report *report);

/* All cases of the lab, also when none was run. Texts are borrowed. */
size_t report_case_count(const struct report *report);
struct grade_case report_case(const struct report *report, size_t index);

/* The case's title, or its name; and what helps with it, or "". */
const char *report_title(const struct report *report, size_t index);
const char *report_help(const struct report *report, size_t index);

/* Whether the file as a whole was not judged: it did not compile, asked for
 * what is forbidden, could not be read. Cases say nothing then. */
bool report_is_refused(const struct report *report);

/* Why not, in lines: the reason and the compiler's messages. New. */
char *report_refusal(const struct report *report);

/* Why a case failed, in lines. New. */
char *report_failure(const struct report *report, size_t index);

/* Text that can be shown, new: with its newlines, or as one line. Without
 * memory the process is aborted, which is an internal error for whoever
 * started it. */
char *report_clean(const char *text);
char *report_clean_line(const char *text);

#endif
