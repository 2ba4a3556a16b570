/* How long a verdict takes, by stage, beside the compilation of the same file
 * alone; and the floors under the stages. */
#include <stdio.h>
#include <stdlib.h>

#include "grader/grade.h"
#include "grader/sandbox.h"
#include "tests/support/bench.h"
#include "tests/support/program.h"

static const char LAB[] = "01_refcount";
static const char FILE_UNDER_TEST[] = "labs/runtime/object.c";
static const char *artifacts, *headers;
static struct grade_timing timing; // of the newest verdict
static int64_t started_ns, plain_ns;

static int64_t
compile_alone(void *context)
{
    static const char *const ARGUMENTS[] = {
        "/usr/bin/gcc", "-std=c11", "-D_GNU_SOURCE", "-I.",           "-O0",
        "-c",           "-o",       "/dev/null",     FILE_UNDER_TEST, NULL};
    (void)context;
    return bench_process(ARGUMENTS);
}

/* What people do by hand: the same flags as the grader's second track, a
 * program, and no tests yet. */
static int64_t
compile_and_link_with_sanitizers(void *context)
{
    static const char *const ARGUMENTS[] = {"/usr/bin/gcc",
                                            "-std=c11",
                                            "-D_GNU_SOURCE",
                                            "-I.",
                                            "-O0",
                                            "-g1",
                                            "-fPIC",
                                            "-shared",
                                            "-fsanitize=address,undefined",
                                            "-o",
                                            "/dev/null",
                                            FILE_UNDER_TEST,
                                            NULL};
    (void)context;
    return bench_process(ARGUMENTS);
}

static int64_t
empty_box(void *context)
{
    char failure[256];
    (void)context;
    int64_t start = bench_now_ns();
    if (!sandbox_works(failure, sizeof(failure))) {
        fprintf(stderr, "bench_verdict: %s\n", failure);
        exit(70);
    }
    return bench_now_ns() - start;
}

static void
take_time(void *context, enum grade_stage stage,
          const struct grade_result *so_far)
{
    (void)context;
    (void)so_far;
    if (stage == GRADE_STAGE_RUN) {
        plain_ns = bench_now_ns() - started_ns;
    }
}

static int64_t
whole(void *context)
{
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = headers,
                                    .lab_id = LAB,
                                    .file = FILE_UNDER_TEST,
                                    .seed = 1,
                                    .known = take_time};
    struct grade_result result;
    char reason[256];
    (void)context;
    started_ns = bench_now_ns();
    if (grade_file(&task, &result, reason, sizeof(reason)) != 0 ||
        result.verdict != VERDICT_PASS) {
        fprintf(stderr, "bench_verdict: no pass\n");
        exit(70);
    }
    timing = result.timing;
    grade_release(&result);
    return bench_now_ns() - started_ns;
}

static int64_t
until_run(void *context)
{
    (void)context;
    return plain_ns;
}

/* A stage of the newest verdict. */
static int64_t
stage(void *context)
{
    const int64_t *us = context;
    return *us * 1000;
}

int
main(void)
{
    char *include = program_path("labs/include");
    char *labs = program_path("labs/leaf");
    char *end = labs;
    for (char *at = labs; *at != '\0'; at++) {
        end = *at == '/' ? at : end;
    }
    *end = '\0';
    artifacts = labs;
    headers = include;
    const struct bench_row rows[] = {
        {"gcc -O0 -c alone", compile_alone, NULL},
        {"gcc with sanitizers, linked", compile_and_link_with_sanitizers,
         NULL},
        {"an empty box", empty_box, NULL},
        {"the whole verdict", whole, NULL},
        {"  known without sanitizers", until_run, NULL},
        {"    compiled and linked", stage, &timing.compile_us},
        {"    screened", stage, &timing.screen_us},
        {"    run", stage, &timing.run_us},
        {"    compared", stage, &timing.compare_us},
        {"  run again", stage, &timing.again_us},
        {"  waited for sanitizers", stage, &timing.check_us},
    };
    bench_compare("a verdict on lab 01", rows, sizeof(rows) / sizeof(*rows),
                  15);
    free(labs);
    free(include);
    return 0;
}
