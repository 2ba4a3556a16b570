/* Class: grades a list of submissions, several at a time.
 *
 * Each is graded by a process of its own, so that whatever happens there is an
 * internal error of that submission and no other. Reports go to stdout in the
 * order of the list, or into a folder that is kept, from which a later call
 * goes on: what was graded and has not changed is not graded again. */
#ifndef GRADER_CLASS_H
#define GRADER_CLASS_H

#include <stdbool.h>

#include "grader/grade.h"
#include "grader/manifest.h"
#include "grader/report.h"
#include "grader/submission.h"

/* What a call comes to; the gravest of its submissions. */
enum exit_code {
    EXIT_ALL_PASS = 0,
    EXIT_NOT_PASSED = 1,
    EXIT_WRONG_USAGE = 2,
    EXIT_BAD_FILE = 3,
    EXIT_BAD_MACHINE = 4,
    EXIT_INTERNAL = 70
};

struct class_task {
    struct grade_task grade; // but for the file
    const struct manifest *manifest;
    const struct report_format *format;
    const char *keep;      // folder that is there; or NULL: to stdout
    const char *part_name; // of the summary of a shard: "-1-of-8"; or ""
    int jobs;              // submissions at a time
};

/* Grades all. Complains on stderr of what could not be graded. */
enum exit_code class_grade(const struct class_task *task,
                           const struct submissions *list);

#endif
