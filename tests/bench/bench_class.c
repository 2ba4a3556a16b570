/* A class of submissions: how long it takes with every processor, beside what
 * they take one after another. The goal is 0.9 of as many times faster as
 * there are processors. The files differ in a comment, so that none is known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/program.h"
#include "tests/support/tempdir.h"

enum {
    SUBMISSIONS = 200,
    ALONE = 20, // of them, one after another
    GOAL_PCT = 90
};

static double
now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static char *
write_class(int count)
{
    char *class = tempdir_make();
    char *right = tempdir_read("labs/runtime/object.c");
    for (int i = 0; right != NULL && i < count; i++) {
        char name[32];
        char *text = NULL;
        snprintf(name, sizeof(name), "student%03d.c", i);
        if (asprintf(&text, "/* %d */\n%s", i, right) < 0) {
            abort();
        }
        free(tempdir_write(class, name, text));
        free(text);
    }
    free(right);
    return class;
}

/* Seconds per submission. */
static double
grade(int count, int jobs)
{
    char *class = write_class(count);
    double begun = now_s();
    struct program_result result = program_line(
        NULL, "ouro-grade 01_refcount %s --seed 7 --jobs %d", class, jobs);
    double took = now_s() - begun;
    if (result.status != 0) {
        fprintf(stderr, "exit status %d: %s\n", result.status, result.err);
        exit(1);
    }
    program_release(&result);
    tempdir_remove(class);
    return took / count;
}

int
main(void)
{
    int processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
    double alone = grade(ALONE, 1);
    double together = grade(SUBMISSIONS, processors);
    double gain = alone / together;
    printf(
        "class: %.1f ms alone, %.1f ms of %d with %d processors: %.2f times "
        "faster (goal %.2f)\n",
        alone * 1000, together * 1000, SUBMISSIONS, processors, gain,
        processors * GOAL_PCT / 100.0);
    return 0;
}
