/* Files that mean harm or make a mess. Each is named <what>_<verdict>.c, and
 * that must be the verdict. See tests/support/submission.h for what it stands
 * for. */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grader/grade.h"
#include "grader/work.h"
#include "labs/testing.h"
#include "tests/support/program.h"
#include "tests/support/refusal.h"
#include "tests/support/submission.h"
#include "tests/support/tempdir.h"

#define LAB "01_refcount"

static char *artifacts;
static char *headers;
static char *folder;

/* Lies where no file may look: in the reference, in our environment, and in a
 * folder of the machine. Nothing that anybody reads may hold it. */
#define SECRET "canary-5b1f"

static char *copy; // of the artifacts, with the secret

__attribute__((format(printf, 1, 2))) static void
run_line(const char *format, ...)
{
    char command[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof(command), format, arguments);
    va_end(arguments);
    assert_number(system(command), 0);
}

/* The built labs with the secret in the reference of ours. */
static int
find_labs(void **state)
{
    (void)state;
    char *built = program_path("labs");
    copy = tempdir_make();
    run_line("cd '%s' && find . -maxdepth 1 -type f -exec cp {} '%s' ';' && "
             "cp -r " LAB " 12_gc_subtract include '%s' && echo '" SECRET
             "' >> '%s/" LAB "/part.so' && chmod -R a+rX '%s'",
             built, copy, copy, copy, copy);
    artifacts = copy;
    free(built);
    if (asprintf(&headers, "%s/include", copy) < 0) {
        abort();
    }
    folder = tempdir_make();
    free(tempdir_write(folder, "secret.h", "#error " SECRET "\n"));
    setenv("OURO_SECRET", SECRET, 1);
    return 0;
}

static int
leave_labs(void **state)
{
    (void)state;
    tempdir_remove(copy);
    free(headers);
    tempdir_remove(folder);
    return 0;
}

/* The verdict at the end of a file's name. */
static enum verdict
verdict_of(const char *name)
{
    size_t longest = 0;
    enum verdict found = VERDICT_COUNT;
    if (strlen(name) < strlen(".c")) {
        return VERDICT_COUNT;
    }
    for (int i = 0; i < VERDICT_COUNT; i++) {
        const char *verdict = verdict_name((enum verdict)i);
        const char *at = name + strlen(name) - strlen(".c");
        size_t length = strlen(verdict);
        if (strcmp(at, ".c") == 0 && (size_t)(at - name) > length &&
            at[-(ptrdiff_t)length - 1] == '_' &&
            strncmp(at - length, verdict, length) == 0 && length > longest) {
            longest = length;
            found = (enum verdict)i;
        }
    }
    return found;
}

/* What a machine lacks, and who grades there. */
struct circumstances {
    const char *name;
    bool as_nobody, unscreened;
    bool awaited;         // its boxes stood by
    bool calls_forbidden; // and the file makes some
    unsigned refused;     // enum refusal
};

/* What each file may take on the clock, in milliseconds, and one second more.
 * Who hangs is let hang twice, looked at once, and tried with sanitizers. */
struct limit {
    const char *words; // that the file's name has
    int64_t ms;
};

enum {
    TIME_MS = 500, // of a case, says the lab
    SLEEP_MS = 500,
    LOOK_MS = 600,
    COMPILE_MS = 5000, // of the processor
    GRACE_MS = 1000,
    UNKNOWN = 3, // times as long
    TRIES = 3
};

/* On a machine that does much else it takes longer, and nobody's fault. */
static int64_t
limit_of(const char *name, const struct circumstances *where)
{
    static const struct limit LIMITS[] = {
        {"_timed_out.c", 2 * (TIME_MS + SLEEP_MS) + LOOK_MS + SLEEP_MS +
                             TIME_MS / 2 + SLEEP_MS},
        {"grows_by_macros_", COMPILE_MS},
        {"multiplies_in_the_assembler_", COMPILE_MS},
        {"chooses_for_ever_", COMPILE_MS},
        {"has_very_many_sections_", COMPILE_MS},
        {"_compile_error.c", 2 * TIME_MS},
        {"", TIME_MS},
    };
    const struct limit *limit = LIMITS;
    while (strstr(name, limit->words) == NULL) {
        limit++;
    }
    int64_t ms = limit->ms + GRACE_MS;
    // Nobody knows for what it waits where there are no books on that.
    if ((where->refused & (REFUSAL_OF_BOOKS | REFUSAL_OF_NAMESPACES)) != 0 &&
        strstr(name, "crowds_") != NULL) {
        ms *= UNKNOWN;
    }
    double load = 0;
    double processors = (double)sysconf(_SC_NPROCESSORS_ONLN);
    return getloadavg(&load, 1) == 1 && load > processors
               ? (int64_t)((double)ms * load / processors)
               : ms;
}

/* Files that do as they should, and are forbidden all the same for what they
 * could do: unscreened they pass. */
static bool
is_right_but_forbidden(const char *name)
{
    static const char *const NAMES[] = {
        "answers_for_the_sanitizer_forbidden.c",
        "answers_for_ubsan_in_private_forbidden.c",
        "has_very_many_sections_forbidden.c",
        "takes_memory_beside_the_books_forbidden.c",
        "names_another_loader_forbidden.c",
        "orders_a_failure_forbidden.c",
        "swaps_the_allocator_to_hide_a_leak_forbidden.c",
        "warns_through_the_linker_forbidden.c"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++) {
        if (strcmp(NAMES[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether a file asks the system by itself, which is forbidden. Its name says
 * what else would become of it. */
static bool
calls_by_itself(const char *text)
{
    return strstr(text, "\"syscall") != NULL ||
           strstr(text, "\nsyscall") != NULL;
}

/* Whether this is not the verdict that the file must get. Without a look at
 * what it refers to, a file that is forbidden gets what it deserves. */
static bool
is_wrong(const char *name, enum verdict verdict,
         const struct circumstances *where)
{
    enum verdict named =
        where->calls_forbidden ? VERDICT_FORBIDDEN : verdict_of(name);
    if (!where->unscreened ||
        (named != VERDICT_FORBIDDEN && named != VERDICT_LINK_ERROR)) {
        return verdict != named;
    }
    return verdict == VERDICT_INTERNAL_ERROR ||
           (verdict == VERDICT_PASS && !is_right_but_forbidden(name));
}

static bool
tells_the_secret(const struct grade_result *result)
{
    bool tells = strstr(result->reason, SECRET) != NULL;
    for (size_t i = 0; i < result->message_count; i++) {
        const struct grade_message *message = &result->messages[i];
        tells |= strstr(message->text, SECRET) != NULL ||
                 strstr(message->excerpt, SECRET) != NULL;
    }
    for (size_t i = 0; i < result->case_count; i++) {
        const struct grade_case *one = &result->cases[i];
        tells |= strstr(one->detail, SECRET) != NULL ||
                 strstr(one->divergence.yours, SECRET) != NULL ||
                 strstr(one->divergence.expected, SECRET) != NULL ||
                 strstr(one->divergence.diff, SECRET) != NULL;
    }
    return tells;
}

/* 0, or 1 after saying what is wrong. */
static int
judge_once(const char *name, const char *file,
           const struct circumstances *where, bool last)
{
    struct grade_task task = {.artifacts = artifacts,
                              .include = headers,
                              .lab_id = LAB,
                              .file = file,
                              .may_be_open = where->refused != 0,
                              .unscreened = where->unscreened,
                              .seed = 7};
    struct grade_result result;
    char reason[512] = "";
    int wrong = 0;
    struct grade_standby *standby =
        where->awaited ? grade_stand_by(&task) : NULL;
    task.standby = &standby;
    if (grade_file(&task, &result, reason, sizeof(reason)) != 0) {
        fail_msg("%s: %s", name, reason);
    }
    if (is_wrong(name, result.verdict, where)) {
        print_error("%s, %s: %s (%d of %d points) %s\n", name, where->name,
                    verdict_name(result.verdict), result.score,
                    result.max_score, result.reason);
        wrong = 1;
    }
    int64_t took_ms = result.timing.total_us / 1000;
    if (took_ms > limit_of(name, where)) {
        print_error("%s: took %ld ms\n", name, (long)took_ms);
        wrong = last ? 1 : -1;
    }
    if (tells_the_secret(&result)) {
        print_error("%s: tells a secret\n", name);
        wrong = 1;
    }
    for (size_t i = 0; i < result.message_count; i++) {
        if (strpbrk(result.messages[i].text, "\033\a") != NULL) {
            print_error("%s: an escape in a message\n", name);
            wrong = 1;
        }
    }
    for (size_t i = 0; i < result.case_count; i++) {
        if (strpbrk(result.cases[i].detail, "\033\a") != NULL) {
            print_error("%s: an escape in a case\n", name);
            wrong = 1;
        }
    }
    grade_release(&result);
    return wrong;
}

static int
judge_tries(const char *name, const char *file,
            const struct circumstances *where)
{
    int wrong = -1;
    for (int i = 1; wrong < 0; i++) {
        wrong = judge_once(name, file, where, i == TRIES);
    }
    return wrong;
}

static int
judge(const char *name, const struct circumstances *where)
{
    char path[512];
    snprintf(path, sizeof(path), "tests/hostile/%s", name);
    char *text = submission_read(path);
    assert_non_null(text);
    char *file = tempdir_write(folder, "object.c", text);
    struct circumstances first = *where;
    first.calls_forbidden = !where->unscreened && calls_by_itself(text);
    int wrong = judge_tries(name, file, &first);
    if (wrong == 0 && first.calls_forbidden) {
        struct circumstances unscreened = *where;
        unscreened.unscreened = true;
        wrong = judge_tries(name, file, &unscreened);
    }
    free(file);
    free(text);
    return wrong;
}

/* What the system holds of ours, and what a grading could leave behind. */
struct holdings {
    size_t descriptors, mounts, shared, queues;
};

static size_t
count_entries(const char *path)
{
    size_t count = 0;
    DIR *entries = opendir(path);
    while (entries != NULL && readdir(entries) != NULL) {
        count++;
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return count;
}

static size_t
count_lines(const char *path)
{
    size_t count = 0;
    FILE *file = fopen(path, "re");
    for (int byte = 0; file != NULL && (byte = getc(file)) != EOF;) {
        count += byte == '\n';
    }
    if (file != NULL) {
        fclose(file);
    }
    return count;
}

static struct holdings
look_around(void)
{
    return (struct holdings){.descriptors = count_entries("/proc/self/fd"),
                             .mounts = count_lines("/proc/self/mountinfo"),
                             .shared = count_lines("/proc/sysvipc/shm") +
                                       count_lines("/proc/sysvipc/sem"),
                             .queues = count_lines("/proc/sysvipc/msg")};
}

/* 0, or 1 after saying what a file has left behind. Orphans would have become
 * our children. */
static int
check_leftovers(const char *name, const struct circumstances *where,
                const struct holdings *before)
{
    struct holdings after = look_around();
    int wrong = 0;
    // Without a process namespace they end, but are nobody's children any
    // more.
    alarm(10);
    while ((where->refused & REFUSAL_OF_NAMESPACES) != 0 &&
           waitpid(-1, NULL, 0) > 0) {
    }
    alarm(0);
    if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD) {
        print_error("%s: a process is left\n", name);
        wrong = 1;
    }
    if (memcmp(before, &after, sizeof(after)) != 0) {
        print_error("%s: descriptors %zu %zu, mounts %zu %zu, memory %zu "
                    "%zu, queues %zu %zu\n",
                    name, before->descriptors, after.descriptors,
                    before->mounts, after.mounts, before->shared, after.shared,
                    before->queues, after.queues);
        wrong = 1;
    }
    return wrong;
}

/* Judges every step-th file; returns how many were wrong. */
static int
judge_all(const struct circumstances *where, int step, int *judged)
{
    struct dirent **entries = NULL;
    int count = scandir("tests/hostile", &entries, NULL, alphasort);
    int wrong = 0;
    const char *some = getenv("HOSTILE_FILE");
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    *judged = 0;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (verdict_of(name) != VERDICT_COUNT &&
            (some != NULL ? strstr(name, some) != NULL : i % step == 0)) {
            struct holdings before = look_around();
            wrong += judge(name, where);
            wrong += check_leftovers(name, where, &before);
            (*judged)++;
        }
        const char *end = strrchr(name, '.');
        if (verdict_of(name) == VERDICT_COUNT && end != NULL &&
            strcmp(end, ".c") == 0 && strncmp(name, "test_", 5) != 0) {
            print_error("%s: a name without a verdict\n", name);
            wrong++;
        }
        free(entries[i]);
    }
    free(entries);
    return wrong;
}

/* The same in a process of its own. -1 when this machine or this user cannot
 * be made to look so. */
static int
judge_apart(const struct circumstances *where, int step)
{
    enum {
        NOBODY = 65534,
        CANNOT = 77
    };
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int judged = 0;
        if (where->as_nobody && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0 ||
                                 prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 ||
                                 access(artifacts, R_OK | X_OK) != 0)) {
            _exit(CANNOT);
        }
        if (where->refused != 0 && refusal_begin(where->refused) != 0) {
            _exit(CANNOT);
        }
        folder = tempdir_make();
        int wrong = judge_all(where, step, &judged);
        tempdir_remove(folder);
        print_message("%s: %d files judged\n", where->name, judged);
        fflush(NULL);
        _exit(wrong != 0 || judged == 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status) == CANNOT ? -1 : status != 0;
}

static void
every_hostile_file_gets_the_verdict_of_its_name(void **state)
{
    static const struct circumstances HERE = {.name = "here"};
    (void)state;
    int judged = 0;
    int wrong = judge_all(&HERE, 1, &judged);
    print_message("%d files judged\n", judged);
    assert_true(judged >= 120);
    assert_number(wrong, 0);
}

static const struct circumstances PLACES[] = {
    {.name = "as root"},
    {.name = "as root, unscreened", .unscreened = true},
    {.name = "as a user", .as_nobody = true},
    {.name = "as a user, unscreened", .as_nobody = true, .unscreened = true},
    {.name = "awaited", .awaited = true},
    {.name = "awaited, as a user", .awaited = true, .as_nobody = true},
    {.name = "awaited, without namespaces",
     .awaited = true,
     .refused = REFUSAL_OF_NAMESPACES},
    {.name = "without landlock", .refused = REFUSAL_OF_LANDLOCK},
    {.name = "without books", .refused = REFUSAL_OF_BOOKS},
    {.name = "without namespaces", .refused = REFUSAL_OF_NAMESPACES},
    {.name = "without namespaces, as a user",
     .as_nobody = true,
     .refused = REFUSAL_OF_NAMESPACES},
    {.name = "without namespaces, unscreened",
     .unscreened = true,
     .refused = REFUSAL_OF_NAMESPACES},
};

/* Some of them under every circumstance, or those whose names have what
 * HOSTILE_FILE says; with HOSTILE_REPEATS=50 all, so many times. */
static void
no_circumstance_changes_a_verdict(void **state)
{
    enum {
        SOME = 23
    };
    (void)state;
    const char *repeats = getenv("HOSTILE_REPEATS");
    const char *only = getenv("HOSTILE_ONLY");
    long rounds = repeats != NULL ? strtol(repeats, NULL, 10) : 1;
    int wrong = 0;
    for (long round = 0; round < rounds; round++) {
        for (size_t i = 0; i < sizeof(PLACES) / sizeof(*PLACES); i++) {
            if (only == NULL || strcmp(only, PLACES[i].name) == 0) {
                wrong +=
                    judge_apart(&PLACES[i], repeats != NULL ? 1 : SOME) > 0;
            }
        }
    }
    assert_number(wrong, 0);
}

static void
bytes_that_are_no_c_are_a_compile_error(void **state)
{
    (void)state;
    char *file = tempdir_write(folder, "object.c", "\xFF\xFE\x01\x7F");
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = headers,
                                    .lab_id = LAB,
                                    .file = file,
                                    .seed = 7};
    struct grade_result result;
    char reason[512];
    assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
    assert_number(result.verdict, VERDICT_COMPILE_ERROR);
    grade_release(&result);
    free(file);
}

static void
nobody_waits_for_who_would_write_to_a_pipe(void **state)
{
    (void)state;
    char *pipe = NULL;
    struct grade_result result;
    char reason[512] = "";
    assert_true(asprintf(&pipe, "%s/pipe.c", folder) > 0);
    assert_number(mkfifo(pipe, 0600), 0);
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = headers,
                                    .lab_id = LAB,
                                    .file = pipe,
                                    .seed = 7};
    alarm(10);
    assert_number(grade_file(&task, &result, reason, sizeof(reason)), -1);
    alarm(0);
    assert_contains(reason, "no regular file");
    free(pipe);
}

static void
the_same_seed_gives_the_same_verdict(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        const struct grade_task task = {
            .artifacts = artifacts,
            .include = headers,
            .lab_id = LAB,
            .file = "labs/01_refcount/mutants/set_ref_forgets_the_old.c",
            .seed = 99};
        struct grade_result result;
        char reason[512];
        assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
        assert_number(result.verdict, VERDICT_PARTIAL);
        assert_number(result.score, 28);
        grade_release(&result);
    }
}

/* How many cases failed, and how many after the first of these were run. */
static void
count_failures(const struct grade_result *result, int *failed, int *run_after)
{
    *failed = *run_after = 0;
    for (size_t i = 0; i < result->case_count; i++) {
        *run_after +=
            *failed > 0 && result->cases[i].state != GRADE_CASE_NOT_RUN;
        *failed += result->cases[i].state == GRADE_CASE_FAILED;
    }
}

/* What becomes of a text that submission_of() understands; release it. */
static struct grade_result
graded_as(const char *text, bool until_failure)
{
    char *whole = submission_of(text);
    char *file = tempdir_write(folder, "object.c", whole);
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = headers,
                                    .lab_id = LAB,
                                    .file = file,
                                    .seed = 7,
                                    .until_failure = until_failure};
    struct grade_result result;
    char reason[512];
    assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
    free(file);
    free(whole);
    return result;
}

static void
who_hangs_in_two_cases_is_not_run_in_others(void **state)
{
    (void)state;
    int failed = 0;
    int run_after = 0;
    struct grade_result result =
        graded_as("// replaces: rt_new_ref\n"
                  "struct rt_object *\n"
                  "rt_new_ref(struct rt_object *object)\n"
                  "{\n"
                  "    for (volatile long i = 0;; i++) {\n"
                  "        (void)object;\n"
                  "    }\n"
                  "}\n",
                  false);
    count_failures(&result, &failed, &run_after);
    assert_number(result.verdict, VERDICT_TIMED_OUT);
    assert_number(failed, 2);
    grade_release(&result);
}

static void
what_happens_for_ever_is_not_called_printing(void **state)
{
    (void)state;
    struct grade_result result =
        graded_as("// replaces: rt_decref\n"
                  "void\n"
                  "rt_decref(struct rt_object *object)\n"
                  "{\n"
                  "    object->ob_refcnt--;\n"
                  "    while (object->ob_refcnt == 0) {\n"
                  "        rt_dealloc(object);\n"
                  "    }\n"
                  "}\n",
                  true);
    assert_number(result.verdict, VERDICT_OVER_OUTPUT);
    for (size_t i = 0; i < result.case_count; i++) {
        if (result.cases[i].state == GRADE_CASE_FAILED) {
            assert_contains(result.cases[i].detail, "not by printing");
        }
    }
    grade_release(&result);
}

static void
who_hangs_in_calls_of_its_own_is_not_called_slow(void **state)
{
    (void)state;
    struct grade_result result =
        graded_as("// replaces: rt_xincref\n"
                  "void\n"
                  "rt_xincref(struct rt_object *object)\n"
                  "{\n"
                  "    while (object != NULL) {\n"
                  "        rt_incref(object);\n"
                  "        object->ob_refcnt--;\n"
                  "    }\n"
                  "}\n",
                  false);
    assert_number(result.verdict, VERDICT_TIMED_OUT);
    for (size_t i = 0; i < result.case_count; i++) {
        if (result.cases[i].state == GRADE_CASE_FAILED) {
            // Nothing at all, if the machine was too busy to look.
            assert_null(strstr(result.cases[i].detail, "but slow"));
        }
    }
    grade_release(&result);
}

static void
nothing_is_run_behind_the_first_failure_when_asked_so(void **state)
{
    (void)state;
    for (int asked = 0; asked < 2; asked++) {
        const struct grade_task task = {
            .artifacts = artifacts,
            .include = headers,
            .lab_id = LAB,
            .file = "labs/01_refcount/mutants/set_ref_forgets_the_old.c",
            .seed = 99,
            .until_failure = asked};
        struct grade_result result;
        char reason[512];
        int failed = 0;
        int run_after = 0;
        assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
        count_failures(&result, &failed, &run_after);
        assert_true(asked ? failed == 1 && run_after == 0 : run_after > 0);
        grade_release(&result);
    }
}

static void
many_gradings_may_share_a_run_of_the_reference(void **state)
{
    (void)state;
    static const char *const FILES[] = {
        "labs/runtime/object.c",
        "labs/01_refcount/mutants/set_ref_forgets_the_old.c"};
    struct grade_task task = {
        .artifacts = artifacts, .include = headers, .lab_id = LAB, .seed = 99};
    struct grade_reference *reference = NULL;
    char reason[512];
    assert_number(
        grade_reference_run(&task, &reference, reason, sizeof(reason)), 0);
    for (size_t i = 0; i < 2; i++) {
        struct grade_result alone;
        struct grade_result shared;
        task.file = FILES[i];
        task.reference = NULL;
        assert_number(grade_file(&task, &alone, reason, sizeof(reason)), 0);
        task.reference = reference;
        assert_number(grade_file(&task, &shared, reason, sizeof(reason)), 0);
        assert_number(shared.verdict, alone.verdict);
        assert_number(shared.score, alone.score);
        grade_release(&alone);
        grade_release(&shared);
    }
    grade_reference_free(reference);
}

/* Apart from the trail, in the last line, which is never the same. */
static bool
shows_the_same(const struct run_case *a, const struct run_case *b)
{
    const char *end = memmem(a->stream, a->frame.stream_bytes, "\nend\t", 5);
    size_t shown = end != NULL ? (size_t)(end - a->stream) + 5 : 0;
    return shown <= b->frame.stream_bytes &&
           memcmp(a->stream, b->stream, shown) == 0;
}

/* The points for those cases of a lab that show the same with any dice. */
static int
points_without_dice(const char *labs, const char *lab)
{
    struct grade_reference *runs[2] = {NULL, NULL};
    char reason[512];
    int points = 0;
    for (int i = 0; i < 2; i++) {
        const struct grade_task task = {.artifacts = labs,
                                        .include = headers,
                                        .lab_id = lab,
                                        .seed = i == 0 ? 77 : 1234567};
        assert_number(
            grade_reference_run(&task, &runs[i], reason, sizeof(reason)), 0);
    }
    const struct work *one = &runs[0]->work;
    const struct work *other = &runs[1]->work;
    for (size_t i = 0; i < one->manifest.case_count; i++) {
        const struct run_case *a = &one->ours.cases[i];
        const struct run_case *b = &other->ours.cases[i];
        points += shows_the_same(a, b) ? one->manifest.cases[i].points : 0;
    }
    grade_reference_free(runs[0]);
    grade_reference_free(runs[1]);
    return points;
}

/* A part and its case share a process, so whatever a case shows can be said
 * without doing it. What depends on dice must at least be found out first.
 * That leaves what a new lock shows, and that something did not fail. */
static void
no_lab_can_be_learnt_by_heart(void **state)
{
    (void)state;
    enum {
        MOST_POINTS = 2
    };
    char *labs = program_path("labs");
    struct dirent **entries = NULL;
    int count = scandir(labs, &entries, NULL, alphasort);
    int seen = 0;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (name[0] >= '0' && name[0] <= '9') {
            int points = points_without_dice(labs, name);
            print_message("%s: %d points without dice\n", name, points);
            assert_true(points <= MOST_POINTS);
            seen++;
        }
        free(entries[i]);
    }
    free(entries);
    free(labs);
    assert_true(seen > 0);
}

static void
a_case_may_get_less_time_than_the_lab_gives(void **state)
{
    (void)state;
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = headers,
                                    .lab_id = "12_gc_subtract",
                                    .file = "labs/runtime/gc_unreachable.c",
                                    .seed = 7,
                                    .time_ms = 1};
    struct grade_result result;
    char reason[512];
    assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
    assert_number(result.verdict, VERDICT_TIMED_OUT);
    grade_release(&result);
}

static void
the_mask_of_new_files_is_no_matter(void **state)
{
    (void)state;
    const struct grade_task task = {.artifacts = artifacts,
                                    .include = headers,
                                    .lab_id = LAB,
                                    .file = "labs/runtime/object.c",
                                    .seed = 7};
    struct grade_result result;
    char reason[512];
    mode_t mask = umask(077);
    assert_number(grade_file(&task, &result, reason, sizeof(reason)), 0);
    umask(mask);
    assert_number(result.verdict, VERDICT_PASS);
    grade_release(&result);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(every_hostile_file_gets_the_verdict_of_its_name),
        cmocka_unit_test(no_circumstance_changes_a_verdict),
        cmocka_unit_test(bytes_that_are_no_c_are_a_compile_error),
        cmocka_unit_test(nobody_waits_for_who_would_write_to_a_pipe),
        cmocka_unit_test(the_same_seed_gives_the_same_verdict),
        cmocka_unit_test(who_hangs_in_two_cases_is_not_run_in_others),
        cmocka_unit_test(what_happens_for_ever_is_not_called_printing),
        cmocka_unit_test(who_hangs_in_calls_of_its_own_is_not_called_slow),
        cmocka_unit_test(
            nothing_is_run_behind_the_first_failure_when_asked_so),
        cmocka_unit_test(many_gradings_may_share_a_run_of_the_reference),
        cmocka_unit_test(no_lab_can_be_learnt_by_heart),
        cmocka_unit_test(a_case_may_get_less_time_than_the_lab_gives),
        cmocka_unit_test(the_mask_of_new_files_is_no_matter),
    };
    if (getenv("HOSTILE_REPEATS") != NULL) {
        cmocka_set_test_filter("no_circumstance*");
    }
    return cmocka_run_group_tests(cases, find_labs, leave_labs);
}
