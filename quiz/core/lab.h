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

#endif
