/* Workshop: the labs as they were built, and a learner's file in a folder of
 * its own, at first the right solution. */
#ifndef TESTS_SUPPORT_WORKSHOP_H
#define TESTS_SUPPORT_WORKSHOP_H

#include "grader/grade.h"

#define WORKSHOP_LAB "01_refcount"

enum {
    WORKSHOP_SEED = 9
};

struct workshop {
    char *artifacts, *headers;   // of the labs
    char *folder, *cache, *file; // the file lies in the folder, and so may
                                 // the cache, which is not there yet
    char *right;                 // the text of the right solution
};

extern struct workshop workshop;

/* For cmocka: around one test, or around all of them. */
int workshop_enter(void **state);
int workshop_leave(void **state);

/* To grade the file, with WORKSHOP_SEED and without the cache. */
struct grade_task workshop_task(void);

void workshop_save(const char *text);

/* The right solution with one piece of it replaced; new. */
char *workshop_with(const char *piece, const char *other);

#endif
