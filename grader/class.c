/* Who takes part:
 *
 *   parent      this process: settles what needs no grading, starts the
 *               others, reads what they have to say, and alone writes to
 *               stdout and to the folder that is kept
 *   graders     one process per submission: grades, writes the report into
 *               files in memory that the parent gave it, and ends
 *
 * A grader that ends in any other way has left no whole record; the parent
 * writes one that says so. When the parent ends, so do the graders, and with
 * them all their boxes; a record is written whole or not at all, so that what
 * is kept is true at every moment. Signals are not handled but waited for:
 * there is no moment at which one is lost. */
#include "grader/class.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grader/class_state.h"
#include "grader/must.h"
#include "grader/sandbox.h"
#include "grader/sha256.h"

enum {
    SOURCE_BYTES = 1 << 20 // of a file that is graded, at most
};

void
class_raise(struct class *class, enum exit_code code)
{
    class->code = code > class->code ? code : class->code;
}

void
class_complain(const struct submission *one, const char *what)
{
    char *name = report_clean_line(one->file);
    fprintf(stderr, "ouro-grade: '%s': %s\n", name, what);
    free(name);
}

enum exit_code
class_code_of(const char *verdict)
{
    return strcmp(verdict, verdict_name(VERDICT_PASS)) == 0 ? EXIT_ALL_PASS
           : strcmp(verdict, "bad_file") == 0               ? EXIT_BAD_FILE
           : strcmp(verdict, verdict_name(VERDICT_INTERNAL_ERROR)) == 0
               ? EXIT_INTERNAL
               : EXIT_NOT_PASSED;
}

void
class_keep(struct class *class, const char *key, const char *suffix,
           const struct buffer *bytes)
{
    char reason[1024] = "";
    if (keep_write(class->task->keep, key, suffix, buffer_string(bytes),
                   bytes->length, reason, sizeof(reason)) != 0) {
        fprintf(stderr, "ouro-grade: %s\n", reason);
        class_raise(class, EXIT_BAD_MACHINE);
    }
}

/* Whether a submission was graded and has not changed since. */
static bool
is_unchanged(const struct class *class, size_t index, struct record *record)
{
    const char *folder = class->task->keep;
    const char *key = class->outcomes[index].key;
    struct buffer bytes = {0};
    char hex[FINGERPRINT_SIZE] = "";
    char fingerprint[FINGERPRINT_SIZE] = "";
    if (keep_read(folder, key, record) &&
        strcmp(record->verdict, verdict_name(VERDICT_INTERNAL_ERROR)) != 0 &&
        buffer_read_file(&bytes, class->list->items[index].file,
                         SOURCE_BYTES) == 0) {
        sha256_hex(buffer_string(&bytes), bytes.length, hex);
        fingerprint_of(class->base, hex, fingerprint);
    }
    buffer_release(&bytes);
    return hex[0] != '\0' && strcmp(record->fingerprint, fingerprint) == 0 &&
           keep_has(folder, key, class->task->format->suffix);
}

/* Keeps a report and, last of all, its record. */
static void
keep_report(struct class *class, const struct outcome *outcome,
            const struct buffer *record)
{
    const struct report_format *format = class->task->format;
    const struct report_format *other = NULL;
    for (size_t i = 0; (other = report_format_at(i)) != NULL; i++) {
        if (other != format && other != &REPORT_JSON) {
            keep_remove(class->task->keep, outcome->key, other->suffix);
        }
    }
    if (format != &REPORT_JSON) {
        class_keep(class, outcome->key, format->suffix, &outcome->text);
    }
    class_keep(class, outcome->key, REPORT_JSON.suffix, record);
}

/* Takes over what a job has written; why: it has ended badly, or NULL. */
static void
settle(struct class *class, struct job *job, const char *why)
{
    struct outcome *outcome = &class->outcomes[job->index];
    struct buffer record = {0};
    if (why != NULL || !class_job_read(job, &record, outcome)) {
        buffer_release(&record);
        why = why != NULL ? why : "the grader has left no whole record";
        class_job_empty(job);
        class_job_refuse(class, job, why, false);
        class_job_read(job, &record, outcome);
    }
    if (why != NULL) {
        class_complain(&class->list->items[job->index], why);
    }
    outcome->is_done = true;
    class_raise(class, class_code_of(outcome->record.verdict));
    if (class->task->keep != NULL) {
        keep_report(class, outcome, &record);
        buffer_release(&outcome->text);
    }
    buffer_release(&record);
    class_job_close(job);
}

// --- the main path ---------------------------------------------------------

/* Settles what needs no grader. Returns how many need one. */
static size_t
settle_the_known(struct class *class)
{
    size_t left = 0;
    for (size_t i = 0; i < class->list->count; i++) {
        const struct submission *one = &class->list->items[i];
        struct outcome *outcome = &class->outcomes[i];
        if (one->problem != NULL) {
            struct job job;
            class_job_open(&job, i);
            class_complain(one, one->problem);
            class_job_refuse(class, &job, one->problem, true);
            settle(class, &job, NULL);
        }
        else if (outcome->key != NULL &&
                 is_unchanged(class, i, &outcome->record)) {
            outcome->is_done = outcome->is_reused = true;
            class_raise(class, class_code_of(outcome->record.verdict));
        }
        left += !outcome->is_done;
    }
    return left;
}

/* Puts the next that needs one into the hands of a grader. */
static void
start(struct class *class, struct job *job)
{
    while (class->next < class->list->count &&
           class->outcomes[class->next].is_done) {
        class->next++;
    }
    if (class->next == class->list->count) {
        return;
    }
    pid_t parent = getpid();
    class_job_open(job, class->next++);
    fflush(NULL);
    job->grader = fork();
    if (job->grader == 0) {
        class_job_run(class, job, parent);
    }
    if (job->grader < 0) {
        settle(class, job, "cannot start a process");
        return;
    }
    class->running++;
}

/* Takes over from graders that have ended. */
static void
reap(struct class *class)
{
    int status = 0;
    pid_t ended = 0;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < class->task->jobs; i++) {
            struct job *job = &class->jobs[i];
            char why[128] = "";
            if (job->grader != ended) {
                continue;
            }
            class->running--;
            if (WIFSIGNALED(status)) {
                snprintf(why, sizeof(why),
                         "the grader was ended by a signal: %s",
                         strsignal(WTERMSIG(status)));
            }
            else if (WEXITSTATUS(status) != EXIT_ALL_PASS) {
                snprintf(why, sizeof(why), "the grader ended with status %d",
                         WEXITSTATUS(status));
            }
            settle(class, job, why[0] != '\0' ? why : NULL);
        }
    }
}

/* Ends the graders, and then this process as if it had never waited for the
 * signal. */
_Noreturn static void
give_up(struct class *class, int number)
{
    for (int i = 0; i < class->task->jobs; i++) {
        if (class->jobs[i].grader > 0) {
            kill(class->jobs[i].grader, SIGKILL);
        }
    }
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
    }
    fputs("ouro-grade: interrupted\n", stderr);
    signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &class->before, NULL);
    raise(number);
    exit(EXIT_INTERNAL);
}

/* From now on SIGCHLD, and what ends a program, is waited for; but not what
 * whoever started us wants to be ignored. */
static void
take_signals(struct class *class)
{
    static const int ENDING[] = {SIGINT, SIGTERM, SIGHUP};
    sigemptyset(&class->signals);
    sigaddset(&class->signals, SIGCHLD);
    signal(SIGCHLD, SIG_DFL);
    for (size_t i = 0; i < sizeof(ENDING) / sizeof(*ENDING); i++) {
        struct sigaction now;
        if (sigaction(ENDING[i], NULL, &now) == 0 &&
            now.sa_handler != SIG_IGN) {
            sigaddset(&class->signals, ENDING[i]);
        }
    }
    sigprocmask(SIG_BLOCK, &class->signals, &class->before);
}

static void
grade_all(struct class *class)
{
    // What a grader that was killed leaves behind becomes our child.
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    take_signals(class);
    do {
        for (int i = 0; i < class->task->jobs; i++) {
            if (class->jobs[i].grader == 0) {
                start(class, &class->jobs[i]);
            }
        }
        class_print_ready(class);
        if (class->running > 0) {
            int number = sigwaitinfo(&class->signals, NULL);
            if (number > 0 && number != SIGCHLD) {
                give_up(class, number);
            }
            reap(class);
        }
    } while (class->printed < class->list->count);
    sigprocmask(SIG_SETMASK, &class->before, NULL);
}

/* The reference is run once for all. 0, or -1 after complaining. */
static int
run_reference(struct class *class)
{
    char reason[1024] = "";
    if (grade_reference_run(&class->task->grade, &class->reference, reason,
                            sizeof(reason)) == 0) {
        return 0;
    }
    fprintf(stderr, "ouro-grade: %s\n", reason);
    return -1;
}

static bool
machine_works(const struct class_task *task)
{
    char failure[256] = "";
    sandbox_allow_open(task->grade.may_be_open);
    if (sandbox_works(failure, sizeof(failure))) {
        return true;
    }
    fprintf(stderr, "ouro-grade: the sandbox cannot be made: %s\n", failure);
    return false;
}

static void
grade_and_print(struct class *class)
{
    const struct class_task *task = class->task;
    if (task->keep == NULL && task->format->begin != NULL) {
        task->format->begin(stdout, class->list->count);
    }
    grade_all(class);
    if (task->keep == NULL && task->format->end != NULL) {
        task->format->end(stdout);
    }
    if (class->code == EXIT_INTERNAL && !machine_works(task)) {
        class->code = EXIT_BAD_MACHINE;
    }
    if (task->keep != NULL) {
        class_keep_summary(class);
        class_print_end(class);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "ouro-grade: cannot write: %s\n", strerror(errno));
        class_raise(class, EXIT_BAD_MACHINE);
    }
}

static int
by_key(const void *a, const void *b)
{
    const struct outcome *const *one = a;
    const struct outcome *const *other = b;
    return strcmp((*one)->key, (*other)->key);
}

/* Gives each submission its name in the folder. 0, or -1 after complaining
 * when two have the same. */
static int
name_keys(struct class *class)
{
    const size_t count = class->list->count;
    const struct outcome **sorted = must(calloc(count + 1, sizeof(*sorted)));
    int result = 0;
    for (size_t i = 0; i < count; i++) {
        class->outcomes[i].key = keep_key(class->list->items[i].name);
        sorted[i] = &class->outcomes[i];
    }
    qsort(sorted, count, sizeof(*sorted), by_key);
    for (size_t i = 1; i < count && result == 0; i++) {
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0) {
            fprintf(stderr, "ouro-grade: two submissions are called '%s'\n",
                    sorted[i]->key);
            result = -1;
        }
    }
    free(sorted);
    return result;
}

enum exit_code
class_grade(const struct class_task *task, const struct submissions *list)
{
    struct class class = {
        .task = task,
        .list = list,
        .outcomes = must(calloc(list->count + 1, sizeof(struct outcome))),
        .jobs = must(calloc((size_t)task->jobs, sizeof(struct job)))};
    if (task->keep != NULL) {
        fingerprint_base(&task->grade, class.base);
    }
    if (task->keep != NULL && name_keys(&class) != 0) {
        class.code = EXIT_WRONG_USAGE;
    }
    else if (settle_the_known(&class) > 1 &&
             (!machine_works(task) || run_reference(&class) != 0)) {
        class.code = EXIT_BAD_MACHINE;
    }
    else {
        grade_and_print(&class);
    }
    for (size_t i = 0; i < list->count; i++) {
        free(class.outcomes[i].key);
        buffer_release(&class.outcomes[i].text);
    }
    grade_reference_free(class.reference);
    free(class.outcomes);
    free(class.jobs);
    return class.code;
}
