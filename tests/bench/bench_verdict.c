/* How long a verdict takes beside the compilation of the same file alone, with
 * everything that belongs to it; against the goals, and the floors under them.
 * Once as `ouro lab watch` gives it, which stands by for the next save, once
 * as `ouro lab grade`, which begins with nothing. Each round measures all, so
 * that a noisy neighbour hits all alike. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grader/grade.h"
#include "grader/observe.h"
#include "grader/sandbox.h"
#include "labs/testing.h"
#include "tests/support/bench.h"
#include "tests/support/program.h"
#include "tests/support/tempdir.h"

enum {
    ROUNDS = 20,
    SLOW_ROUNDS = 3, // of what takes seconds
    TYPING_US = 150000,
    RECORDS = 100000,
    CASES = 20
};

#define PART "labs/runtime/object.c"
#define LAB "01_refcount"

static char *artifacts, *headers, *folder, *cache;

/* What is measured, in nanoseconds unless it says otherwise. */
enum what {
    COMPILER,         // gcc -O0 -c, what all others are multiples of
    COMPILER_FLOOR,   // its inner programs and the linker, nothing else
    SANITIZERS_FLOOR, // the same with sanitizers
    CLASSIC,          // gcc with sanitizers, linked and run, as by hand
    PLAIN,            // the verdict, before the sanitizers
    WHOLE,            // with them
    COLD_PLAIN,       // the same when nothing stood by
    COLD_WHOLE,
    RUN, // of that: the cases, plainly
    SCREEN,
    COMPARE,
    AGAIN,
    CHECK,
    BOX,
    PROCESS, // the same program without a box
    RECORD,  // observed, written, read and understood
    WRITE,   // its system call alone
    UNCHANGED,
    TICK, // a guess, by way of tcc
    COLD_TICK,
    QUICK_FLOOR,
    FORKS,
    WHAT_COUNT
};

static double samples[WHAT_COUNT][ROUNDS];
static int64_t begun_ns, plain_ns, tick_ns;

// --- by hand ---------------------------------------------------------------

static int64_t
shell(const char *command)
{
    const char *const ARGUMENTS[] = {"/bin/sh", "-c", command, NULL};
    return bench_process(ARGUMENTS);
}

/* What gcc would start for the file, and the linker: once, into script. */
static char *
inner_programs(const char *flags)
{
    char *command = NULL;
    char *script = NULL;
    char *tools = NULL;
    if (asprintf(&command,
                 "gcc '-###' -pipe -std=c11 -D_GNU_SOURCE -I. -O0 -fPIC %s "
                 "-c " PART " -o %s/o.o 2>&1 | sed -n '/^ /p' | tr -d '\\n' "
                 "> %s/tools",
                 flags, folder, folder) < 0 ||
        system(command) != 0) {
        abort();
    }
    free(command);
    if (asprintf(&command, "%s/tools", folder) < 0) {
        abort();
    }
    tools = tempdir_read(command);
    if (tools == NULL ||
        asprintf(&script, "%s && ld -shared -o %s/o.so %s/o.o", tools, folder,
                 folder) < 0) {
        abort();
    }
    free(tools);
    free(command);
    return script;
}

/* A program that runs the lab's cases as a test by hand would; and the rest of
 * the lab, which is built already. */
static void
make_driver(void)
{
    static const char TEXT[] =
        "#include \"labs/testing.h\"\n"
        "#include <fcntl.h>\n"
        "int main(void)\n"
        "{\n"
        "    int null = open(\"/dev/null\", 1);\n"
        "    for (size_t i = 0; i < lab_case_count; i++) {\n"
        "        lab_main(null, 1, lab_cases[i].name);\n"
        "    }\n"
        "    return 0;\n"
        "}\n";
    char *command = NULL;
    free(tempdir_write(folder, "driver.c", TEXT));
    if (asprintf(&command,
                 "gcc -std=c11 -D_GNU_SOURCE -I. -c -o %s/driver.o "
                 "%s/driver.c && cp %s/" LAB "/lab.asan.so %s/libchecked.so "
                 "&& cp %s/" LAB "/lab.so %s/libplain.so",
                 folder, folder, artifacts, folder, artifacts, folder) < 0 ||
        system(command) != 0) {
        abort();
    }
    free(command);
}

static char *
by_hand(const char *compile, const char *library, const char *run)
{
    char *command = NULL;
    if (asprintf(&command,
                 "gcc -std=c11 -D_GNU_SOURCE -I. -O1 -g %s -c " PART
                 " -o %s/p.o && gcc %s -o %s/p %s/p.o %s/driver.o -L%s -l%s "
                 "-Wl,-rpath,%s && %s %s/p",
                 compile, folder, compile, folder, folder, folder, folder,
                 library, folder, run, folder) < 0) {
        abort();
    }
    return command;
}

// --- the grader ------------------------------------------------------------

static void
take_time(void *context, enum grade_stage stage,
          const struct grade_result *so_far)
{
    (void)context;
    (void)so_far;
    if (stage == GRADE_STAGE_RUN) {
        plain_ns = bench_now_ns() - begun_ns;
    }
    if (stage == GRADE_STAGE_TICK) {
        tick_ns = bench_now_ns() - begun_ns;
    }
}

static struct grade_task
some_task(void)
{
    return (struct grade_task){.artifacts = artifacts,
                               .include = headers,
                               .lab_id = LAB,
                               .file = PART,
                               .seed = 1,
                               .any_seed = true,
                               .cache = cache,
                               .known = take_time};
}

static int64_t
grade(bool is_fresh, bool ticks, struct grade_standby **standby,
      struct grade_timing *timing)
{
    struct grade_task task = some_task();
    task.must_be_fresh = is_fresh;
    task.wants_tick = ticks;
    task.standby = standby;
    struct grade_result result;
    char reason[256] = "";
    begun_ns = bench_now_ns();
    if (grade_file(&task, &result, reason, sizeof(reason)) != 0 ||
        result.verdict != VERDICT_PASS) {
        fprintf(stderr, "bench_verdict: no pass: %s\n", reason);
        exit(70);
    }
    *timing = result.timing;
    grade_release(&result);
    return bench_now_ns() - begun_ns;
}

/* What a check in `ouro lab watch` takes; the learner has typed for a moment.
 */
static int64_t
grade_awaited(bool ticks, struct grade_timing *timing)
{
    struct grade_task next = some_task();
    next.wants_tick = ticks;
    struct grade_standby *standby = grade_stand_by(&next);
    usleep(TYPING_US);
    int64_t took = grade(true, ticks, &standby, timing);
    if (standby != NULL) {
        fprintf(stderr, "bench_verdict: nothing stood by\n");
        exit(70);
    }
    return took;
}

static int64_t
empty_box(void)
{
    char failure[256];
    int64_t start = bench_now_ns();
    if (!sandbox_works(failure, sizeof(failure))) {
        fprintf(stderr, "bench_verdict: %s\n", failure);
        exit(70);
    }
    return bench_now_ns() - start;
}

// --- records ---------------------------------------------------------------

static void
observe_a_lot(void **state)
{
    (void)state;
    for (int i = 0; i < RECORDS; i++) {
        observe_int("count", i);
    }
}

const struct CMUnitTest lab_cases[] = {cmocka_unit_test(observe_a_lot)};
const size_t lab_case_count = 1;

/* One process writes, the other reads all and then understands it. */
static int64_t
observe_records(void)
{
    static char stream[RECORDS * 32];
    int ends[2];
    size_t length = 0;
    ssize_t got = 0;
    struct observations observations = {0};
    int64_t start = bench_now_ns();
    if (pipe(ends) != 0) {
        abort();
    }
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        _exit(lab_main(ends[1], 1, "observe_a_lot"));
    }
    close(ends[1]);
    while ((got = read(ends[0], stream + length, sizeof(stream) - length)) >
           0) {
        length += (size_t)got;
    }
    close(ends[0]);
    waitpid(child, NULL, 0);
    if (observe_read(&observations, stream, length) != 0 ||
        !observations.whole) {
        abort();
    }
    int64_t took = bench_now_ns() - start;
    observe_release(&observations);
    return took / RECORDS;
}

/* The same number of system calls, to where nobody listens. */
static int64_t
write_records(void)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int64_t start = bench_now_ns();
    for (int i = 0; i < RECORDS; i++) {
        if (write(null, "int\tcount\t10000\n", 16) < 0) {
            abort();
        }
    }
    int64_t took = bench_now_ns() - start;
    close(null);
    return took / RECORDS;
}

static int64_t
fork_often(void)
{
    int64_t start = bench_now_ns();
    for (int i = 0; i < CASES; i++) {
        pid_t child = fork();
        if (child == 0) {
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
    return bench_now_ns() - start;
}

// --- rounds ----------------------------------------------------------------

/* What a tick is compared with comes from the first verdict. */
static void
grade_first(void)
{
    struct grade_timing timing;
    grade(true, true, NULL, &timing);
}

static void
take_round(int round, const char *const *scripts)
{
    static const char *const COMPILE[] = {
        "/usr/bin/gcc", "-std=c11", "-D_GNU_SOURCE", "-I.", "-O0",
        "-c",           "-o",       "/dev/null",     PART,  NULL};
    static const char *const TRUE[] = {"/usr/bin/true", NULL};
    struct grade_timing timing;
    double *of[WHAT_COUNT];
    for (int i = 0; i < WHAT_COUNT; i++) {
        of[i] = &samples[i][round];
    }
    *of[COMPILER] = (double)bench_process(COMPILE);
    // What `ouro lab grade` does when it has told a verdict.
    const struct grade_task next = some_task();
    grade_prepare(&next);
    *of[COLD_WHOLE] = (double)grade(true, false, NULL, &timing);
    *of[COLD_PLAIN] = (double)plain_ns;
    *of[WHOLE] = (double)grade_awaited(false, &timing);
    *of[PLAIN] = (double)plain_ns;
    *of[SCREEN] = (double)timing.screen_us * 1e3;
    *of[COMPARE] = (double)timing.compare_us * 1e3;
    *of[RUN] = (double)timing.run_us * 1e3;
    *of[AGAIN] = (double)timing.again_us * 1e3;
    *of[CHECK] = (double)timing.check_us * 1e3;
    *of[COMPILER_FLOOR] = (double)shell(scripts[0]);
    *of[SANITIZERS_FLOOR] = (double)shell(scripts[1]);
    *of[CLASSIC] = (double)shell(scripts[2]);
    *of[BOX] = (double)empty_box();
    *of[PROCESS] = (double)bench_process(TRUE);
    *of[RECORD] = (double)observe_records();
    *of[WRITE] = (double)write_records();
    *of[FORKS] = (double)fork_often();
    grade_prepare(&next);
    grade(true, true, NULL, &timing);
    *of[COLD_TICK] = (double)tick_ns;
    grade_awaited(true, &timing);
    *of[TICK] = (double)tick_ns;
    *of[UNCHANGED] = (double)grade(false, false, NULL, &timing);
    *of[QUICK_FLOOR] = (double)shell(scripts[3]);
}

static int
by_size(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

/* The one at rank, from 0 on, of a, or of a / b formed inside each round. */
static double
at_rank(int rank, enum what a, int b)
{
    double values[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        values[i] = samples[a][i] / (b < 0 ? 1 : samples[b][i]);
    }
    qsort(values, ROUNDS, sizeof(*values), by_size);
    return values[rank];
}

static double
middle(enum what a, int b)
{
    return at_rank(ROUNDS / 2, a, b);
}

/* What all rounds but one of twenty keep to. */
static double
worst(enum what a, int b)
{
    return at_rank(ROUNDS - 1 - ROUNDS / 20, a, b);
}

/* The best round, which a busy machine has disturbed least. */
static double
best(enum what a, int b)
{
    return at_rank(0, a, b);
}

static void
print_stage(const char *name, enum what what)
{
    printf("  %-44s %8.2f ms %7.2fx  best %.2f ms %.2fx\n", name,
           middle(what, -1) / 1e6, middle(what, COMPILER),
           best(what, -1) / 1e6, best(what, COMPILER));
}

static void
print_goal(const char *name, double measured, const char *goal, double floor,
           const char *unit)
{
    printf("  %-44s %8.2f %-2s  goal %-9s limit %.2f\n", name, measured, unit,
           goal, floor);
}

static void
print_all(const char *memcheck)
{
    double slowest = 0;
    for (int i = 0; i < SLOW_ROUNDS && memcheck != NULL; i++) {
        double took = (double)shell(memcheck);
        slowest = i == 0 || took < slowest ? took : slowest;
    }
    printf("a verdict on " LAB " (median of %d rounds; x: of gcc -O0 -c)\n",
           ROUNDS);
    print_stage("gcc -O0 -c alone", COMPILER);
    print_stage("known without sanitizers", PLAIN);
    print_stage("  screened", SCREEN);
    print_stage("  cases run, behind the compiler", RUN);
    print_stage("  compared", COMPARE);
    print_stage("run again", AGAIN);
    print_stage("waited for sanitizers", CHECK);
    print_stage("the whole verdict", WHOLE);
    print_stage("at first sight", TICK);
    print_stage("nothing stood by: without sanitizers", COLD_PLAIN);
    print_stage("nothing stood by: the whole verdict", COLD_WHOLE);
    print_stage("nothing stood by: at first sight", COLD_TICK);
    print_stage("by hand: gcc with sanitizers, linked, run", CLASSIC);
    puts("goals");
    print_goal("L1 verdict without sanitizers", middle(PLAIN, COMPILER),
               "<= 1.3", middle(COMPILER_FLOOR, COMPILER), "x");
    print_goal("   all but one of twenty", worst(PLAIN, COMPILER), "<= 2",
               worst(COMPILER_FLOOR, COMPILER), "x");
    print_goal("L2 verdict with sanitizers", middle(WHOLE, COMPILER), "<= 2.0",
               middle(SANITIZERS_FLOOR, COMPILER), "x");
    print_goal("   faster than by hand", middle(CLASSIC, WHOLE), ">= 2.5",
               middle(CLASSIC, SANITIZERS_FLOOR), "x");
    if (memcheck != NULL) {
        print_goal("   faster than by hand with memcheck",
                   slowest / middle(WHOLE, -1), ">= 7",
                   slowest / middle(SANITIZERS_FLOOR, -1), "x");
    }
    print_goal("L3 a box, above its program",
               (middle(BOX, -1) - middle(PROCESS, -1)) / 1e6, "<= 1.5 ms", 0,
               "ms");
    print_goal("L4 an observation, written and read", middle(RECORD, -1) / 1e3,
               "<= 1 us", middle(WRITE, -1) / 1e3, "us");
    if (tick_ns > 0) {
        print_goal("L5 at first sight, by tcc", middle(TICK, -1) / 1e6,
                   "<= 15 ms", middle(QUICK_FLOOR, -1) / 1e6, "ms");
    }
    print_goal("   an unchanged file", middle(UNCHANGED, -1) / 1e6, "<= 5 ms",
               0, "ms");
    print_goal("L6 the lab's 22 cases, a process each", middle(RUN, -1) / 1e6,
               "<= 15 ms", middle(FORKS, -1) / 1e6, "ms");
}

int
main(void)
{
    static const char SANITIZE[] = "-fsanitize=address,undefined";
    headers = program_path("labs/include");
    artifacts = program_path("labs/leaf");
    *strrchr(artifacts, '/') = '\0';
    folder = tempdir_make();
    if (asprintf(&cache, "%s/verdicts", folder) < 0) {
        abort();
    }
    make_driver();
    char *scripts[] = {
        inner_programs("-g1"),
        inner_programs("-g1 -fsanitize=address,undefined"),
        by_hand(SANITIZE, "checked", ""),
        access("/usr/bin/valgrind", X_OK) == 0
            ? by_hand("", "plain", "valgrind -q --leak-check=full")
            : NULL};
    // tcc removes what it writes to: never /dev/null.
    char *quick = NULL;
    if (asprintf(&quick,
                 "tcc -std=c11 -D_GNU_SOURCE -I. -w -c -o %s/q.o " PART,
                 folder) < 0) {
        abort();
    }
    const char *const borrowed[] = {scripts[0], scripts[1], scripts[2], quick};
    grade_first();
    for (int round = 0; round < ROUNDS; round++) {
        take_round(round, borrowed);
    }
    print_all(scripts[3]);
    free(quick);
    for (size_t i = 0; i < 4; i++) {
        free(scripts[i]);
    }
    tempdir_remove(folder);
    free(cache);
    free(artifacts);
    free(headers);
    return 0;
}
