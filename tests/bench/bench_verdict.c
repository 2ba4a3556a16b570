/* How long a verdict on lab 01 takes, by stage, beside the compilation of the
 * same file alone. */
#include <stdio.h>
#include <stdlib.h>

#include "grader/grade.h"
#include "tests/support/bench.h"
#include "tests/support/program.h"

static struct grade_timing timing; // of the newest verdict
static const char *artifacts;

static int64_t
compile_alone(void *context)
{
    static const char *const ARGUMENTS[] = {"/usr/bin/gcc",
                                            "-std=c11",
                                            "-D_GNU_SOURCE",
                                            "-I.",
                                            "-O0",
                                            "-c",
                                            "-o",
                                            "/dev/null",
                                            "labs/runtime/object.c",
                                            NULL};
    (void)context;
    return bench_process(ARGUMENTS);
}

static int64_t
verdict(void *context)
{
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = ".",
                                    .lab_id = "01_refcount",
                                    .file = "labs/runtime/object.c",
                                    .seed = 1};
    struct grade_result result;
    char reason[256];
    (void)context;
    int64_t start = bench_now_ns();
    if (grade_file(&task, &result, reason, sizeof(reason)) != 0 ||
        result.verdict != VERDICT_PASS) {
        fprintf(stderr, "bench_verdict: no pass\n");
        exit(70);
    }
    timing = result.timing;
    grade_release(&result);
    return bench_now_ns() - start;
}

static int64_t
compile_stage(void *context)
{
    (void)context;
    return timing.compile_us * 1000;
}

static int64_t
run_stage(void *context)
{
    (void)context;
    return timing.run_us * 1000;
}

static int64_t
compare_stage(void *context)
{
    (void)context;
    return (timing.screen_us + timing.compare_us) * 1000;
}

int
main(void)
{
    char *leaf = program_path("labs/leaf");
    char *end = leaf;
    for (char *at = leaf; *at != '\0'; at++) {
        end = *at == '/' ? at : end;
    }
    *end = '\0';
    artifacts = leaf;
    const struct bench_row rows[] = {
        {"gcc -O0 -c alone", compile_alone, NULL},
        {"the whole verdict", verdict, NULL},
        {"  compile (plain, in its box)", compile_stage, NULL},
        {"  run (with sanitizers at last)", run_stage, NULL},
        {"  screen and compare", compare_stage, NULL},
    };
    bench_compare("a verdict on lab 01", rows, 5, 11);
    free(leaf);
    return 0;
}
