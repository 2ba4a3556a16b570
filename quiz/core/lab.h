/* Lab: what lab.yaml says of one lab. Open, filled by io/content, borrowed
 * from the arena it was read into. The artifacts and the judging are the
 * grader's (grader/grade.h). */
#ifndef QUIZ_CORE_LAB_H
#define QUIZ_CORE_LAB_H

#include <stdbool.h>
#include <stddef.h>

#include "quiz/core/lang.h"
#include "quiz/core/question.h"

struct lab_export {
    const char *name, *prototype;
};

struct lab_case {
    const char *name; // of the C function in test.c
    int points;
    struct strings needs;         // names of cases that must pass before
    struct bilingual title, help; // help: what to think about when it fails
};

struct lab_hint {
    int cost; // points
    struct bilingual text;
};

struct lab_mutant {
    const char *file, *caught_by;
    struct bilingual why;
};

struct lab {
    const char *id; // also the folder's name: "01_refcount"
    const char *topic;
    enum level level;
    int minutes;
    struct bilingual title;
    bool is_fix;          // repair or use; else it replaces a runtime file
    const char *replaces; // "object.c", or NULL for a fix lab
    const struct lab_export *exports;
    size_t export_count;
    struct strings allow; // C library functions it may call
    bool sanitizer;
    int time_ms, memory_mib, output_kib; // limits of one case
    const struct lab_case *cases;
    size_t case_count;
    const struct lab_hint *hints;
    size_t hint_count;
    const struct lab_mutant *mutants;
    size_t mutant_count;
    struct strings follow_up; // question ids
    struct strings see;
};

/* The points of all cases together. */
int lab_points(const struct lab *lab);

/* What the first `seen` hints cost together. One more than there are hints
 * means that the solution was looked at: that costs all the points. */
int lab_hints_cost(const struct lab *lab, int seen);

/* The name of the file that the learner writes: "object.c". */
const char *lab_file_name(const struct lab *lab);

/* Whether a person who typed name means this lab: its id "01_refcount", its
 * number "01" or "1", or its word "refcount" ("_" and "-" are the same). */
bool lab_is_called(const struct lab *lab, const char *name);

/* The case of this name, or NULL. */
const struct lab_case *lab_find_case(const struct lab *lab, const char *name);

#endif
