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

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grader/buffer.h"
#include "grader/keep.h"
#include "grader/must.h"
#include "grader/sandbox.h"
#include "grader/sha256.h"

enum {
    SOURCE_BYTES = 1 << 20,    // of a file that is graded, at most
    ARTIFACT_BYTES = 64 << 20, // of the lab's
    REPORT_BYTES = 256 << 20,
    STUCK_S = 900 // no grading takes so long
};

/* What became of one submission. */
struct outcome {
    char *key; // its name in the folder; NULL: nothing is kept
    bool is_done, is_reused;
    struct record record;
    struct buffer text; // for stdout
};

struct job {
    pid_t grader; // 0: none
    size_t index; // in the list
    int record, text;
};

struct class {
    const struct class_task *task;
    const struct submissions *list;
    struct outcome *outcomes;
    struct job *jobs;
    size_t next, printed, running;
    struct grade_reference *reference;
    char base[65]; // of all that fingerprints have in common
    enum exit_code code;
    sigset_t signals, before;
};

static void
raise_code(struct class *class, enum exit_code code)
{
    class->code = code > class->code ? code : class->code;
}

static void
complain(const struct submission *one, const char *what)
{
    char *name = report_clean_line(one->file);
    fprintf(stderr, "ouro-grade: '%s': %s\n", name, what);
    free(name);
}

// --- fingerprints ----------------------------------------------------------

static void
add_file(struct buffer *list, const char *path)
{
    struct buffer bytes = {0};
    char hex[65] = "";
    if (buffer_read_file(&bytes, path, ARTIFACT_BYTES) == 0) {
        sha256_hex(buffer_string(&bytes), bytes.length, hex);
    }
    buffer_format(list, "%s %s\n", path, hex);
    buffer_release(&bytes);
}

/* All files of a folder, by name. */
static void
add_folder(struct buffer *list, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char *path = NULL;
        if (entries[i]->d_type != DT_DIR &&
            asprintf(&path, "%s/%s", folder, entries[i]->d_name) > 0) {
            add_file(list, path);
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
}

/* The grader, the lab, the seed: whatever a verdict depends on but the file.
 */
static void
find_base(struct class *class)
{
    const struct grade_task *grade = &class->task->grade;
    struct buffer list = {0};
    char *lab = NULL;
    if (asprintf(&lab, "%s/%s", grade->artifacts, grade->lab_id) < 0) {
        lab = NULL;
    }
    buffer_format(&list, "%s %" PRIu64 " %d\n", grade->lab_id, grade->seed,
                  grade->until_failure);
    add_file(&list, "/proc/self/exe");
    add_folder(&list, grade->artifacts);
    add_folder(&list, must(lab));
    sha256_hex(buffer_string(&list), list.length, class->base);
    buffer_release(&list);
    free(lab);
}

static void
find_fingerprint(const struct class *class, const char *file_sha256,
                 char fingerprint[65])
{
    char both[130];
    int length =
        snprintf(both, sizeof(both), "%s %s", class->base, file_sha256);
    sha256_hex(both, (size_t)length, fingerprint);
}

/* Whether a submission was graded and has not changed since. */
static bool
is_unchanged(const struct class *class, size_t index, struct record *record)
{
    const char *folder = class->task->keep;
    const char *key = class->outcomes[index].key;
    struct buffer bytes = {0};
    char hex[65] = "";
    char fingerprint[65] = "";
    if (keep_read(folder, key, record) &&
        strcmp(record->verdict, verdict_name(VERDICT_INTERNAL_ERROR)) != 0 &&
        buffer_read_file(&bytes, class->list->items[index].file,
                         SOURCE_BYTES) == 0) {
        sha256_hex(buffer_string(&bytes), bytes.length, hex);
        find_fingerprint(class, hex, fingerprint);
    }
    buffer_release(&bytes);
    return hex[0] != '\0' && strcmp(record->fingerprint, fingerprint) == 0 &&
           keep_has(folder, key, class->task->format->suffix);
}

// --- a grader --------------------------------------------------------------

/* Writes a report into a file in memory: as a document of its own, or as a
 * part of that on stdout. */
static void
write_report(int descriptor, const struct report_format *format,
             const struct report *report, bool is_whole)
{
    FILE *out = fdopen(dup(descriptor), "w");
    if (out == NULL) {
        abort();
    }
    if (is_whole && format->begin != NULL) {
        format->begin(out, report->count);
    }
    format->add(out, report);
    if (is_whole && format->end != NULL) {
        format->end(out);
    }
    if (ferror(out) || fclose(out) != 0) {
        abort();
    }
}

static void
write_reports(const struct class *class, const struct job *job,
              const struct grade_result *result, bool is_bad_file)
{
    const struct submission *one = &class->list->items[job->index];
    bool kept = class->task->keep != NULL;
    char fingerprint[65] = "";
    if (kept && !is_bad_file) {
        find_fingerprint(class, result->file_sha256, fingerprint);
    }
    const struct report report = {.lab = class->task->grade.lab_id,
                                  .submission = one->name,
                                  .file = one->file,
                                  .fingerprint = fingerprint,
                                  .manifest = class->task->manifest,
                                  .result = result,
                                  .is_bad_file = is_bad_file,
                                  .number = kept ? 1 : job->index + 1,
                                  .count = kept ? 1 : class->list->count};
    write_report(job->record, &REPORT_JSON, &report, true);
    write_report(job->text, class->task->format, &report, kept);
}

/* A report of what was not judged, and why. */
static void
write_refusal(const struct class *class, const struct job *job,
              const char *why, bool is_bad_file)
{
    struct grade_result result = {
        .verdict = is_bad_file ? VERDICT_FAIL : VERDICT_INTERNAL_ERROR,
        .seed = class->task->grade.seed,
        .reason = why,
        .file_sha256 = "",
        .level = ""};
    for (size_t i = 0; i < class->task->manifest->case_count; i++) {
        result.max_score += class->task->manifest->cases[i].points;
    }
    write_reports(class, job, &result, is_bad_file);
}

_Noreturn static void
be_grader(const struct class *class, const struct job *job, pid_t parent)
{
    struct grade_task grade = class->task->grade;
    struct grade_result result;
    char reason[1024] = "";
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent) {
        _exit(EXIT_INTERNAL);
    }
    sigprocmask(SIG_SETMASK, &class->before, NULL);
    alarm(STUCK_S);
    grade.file = class->list->items[job->index].file;
    grade.reference = class->reference;
    if (grade_file(&grade, &result, reason, sizeof(reason)) != 0) {
        const struct submission *one = &class->list->items[job->index];
        complain(one, reason);
        write_refusal(class, job, reason, strstr(reason, one->file) != NULL);
    }
    else {
        write_reports(class, job, &result, false);
    }
    _exit(EXIT_ALL_PASS);
}

// --- what came of it -------------------------------------------------------

static enum exit_code
code_of(const char *verdict)
{
    return strcmp(verdict, verdict_name(VERDICT_PASS)) == 0 ? EXIT_ALL_PASS
           : strcmp(verdict, "bad_file") == 0               ? EXIT_BAD_FILE
           : strcmp(verdict, verdict_name(VERDICT_INTERNAL_ERROR)) == 0
               ? EXIT_INTERNAL
               : EXIT_NOT_PASSED;
}

static void
keep_or_complain(struct class *class, const char *key, const char *suffix,
                 const struct buffer *bytes)
{
    char reason[1024] = "";
    if (keep_write(class->task->keep, key, suffix, buffer_string(bytes),
                   bytes->length, reason, sizeof(reason)) != 0) {
        fprintf(stderr, "ouro-grade: %s\n", reason);
        raise_code(class, EXIT_BAD_MACHINE);
    }
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
        keep_or_complain(class, outcome->key, format->suffix, &outcome->text);
    }
    keep_or_complain(class, outcome->key, REPORT_JSON.suffix, record);
}

static bool
read_job(const struct job *job, struct buffer *record, struct outcome *outcome)
{
    buffer_release(&outcome->text);
    return buffer_read_whole(record, job->record, REPORT_BYTES) == 0 &&
           buffer_read_whole(&outcome->text, job->text, REPORT_BYTES) == 0 &&
           record_parse(buffer_string(record), record->length,
                        &outcome->record);
}

/* Throws away what a grader wrote before it ended too early. */
static void
empty_job(const struct job *job)
{
    if (ftruncate(job->record, 0) != 0 || ftruncate(job->text, 0) != 0 ||
        lseek(job->record, 0, SEEK_SET) != 0 ||
        lseek(job->text, 0, SEEK_SET) != 0) {
        abort();
    }
}

/* Takes over what a job has written; why: it has ended badly, or NULL. */
static void
settle(struct class *class, struct job *job, const char *why)
{
    struct outcome *outcome = &class->outcomes[job->index];
    struct buffer record = {0};
    if (why != NULL || !read_job(job, &record, outcome)) {
        buffer_release(&record);
        why = why != NULL ? why : "the grader has left no whole record";
        empty_job(job);
        write_refusal(class, job, why, false);
        read_job(job, &record, outcome);
    }
    if (why != NULL) {
        complain(&class->list->items[job->index], why);
    }
    outcome->is_done = true;
    raise_code(class, code_of(outcome->record.verdict));
    if (class->task->keep != NULL) {
        keep_report(class, outcome, &record);
        buffer_release(&outcome->text);
    }
    buffer_release(&record);
    close(job->record);
    close(job->text);
    job->grader = 0;
}

// --- stdout ----------------------------------------------------------------

static void
print_line(const struct submission *one, const struct outcome *outcome)
{
    char *name = report_clean_line(one->name);
    printf("%s: %s, %d of %d points%s\n", name, outcome->record.verdict,
           outcome->record.score, outcome->record.max_score,
           outcome->is_reused ? " (unchanged)" : "");
    free(name);
}

/* Prints what is done, as far as all before it is done, too. */
static void
print_ready(struct class *class)
{
    for (; class->printed < class->list->count; class->printed++) {
        struct outcome *outcome = &class->outcomes[class->printed];
        if (!outcome->is_done) {
            break;
        }
        if (outcome->key != NULL) {
            print_line(&class->list->items[class->printed], outcome);
        }
        fwrite(buffer_string(&outcome->text), 1, outcome->text.length, stdout);
        buffer_release(&outcome->text);
    }
    fflush(stdout);
}

/* A field of a table. What a program for tables would compute is marked as
 * text. */
static void
add_field(struct buffer *table, const char *text)
{
    char *clean = report_clean_line(text);
    const char *mark = strchr("=+-@", clean[0]) != NULL ? "'" : "";
    buffer_format(table, "\"%s", clean[0] != '\0' ? mark : "");
    for (const char *at = clean; *at != '\0'; at++) {
        buffer_add(table, "\"\"", *at == '"' ? 1 : 0);
        buffer_add(table, at, 1);
    }
    buffer_format(table, "\"");
    free(clean);
}

static void
keep_summary(struct class *class)
{
    struct buffer table = {0};
    buffer_format(&table, "submission,verdict,score,max_score,time_ms,file\n");
    for (size_t i = 0; i < class->list->count; i++) {
        const struct record *record = &class->outcomes[i].record;
        add_field(&table, class->list->items[i].name);
        buffer_format(&table, ",%s,%d,%d,%.0f,", record->verdict,
                      record->score, record->max_score, record->time_ms);
        add_field(&table, class->list->items[i].file);
        buffer_format(&table, "\n");
    }
    char *name = NULL;
    if (asprintf(&name, "summary%s", class->task->part_name) < 0) {
        name = NULL;
    }
    keep_or_complain(class, must(name), ".csv", &table);
    buffer_release(&table);
    free(name);
}

static void
print_end(const struct class *class)
{
    size_t passed = 0;
    size_t reused = 0;
    size_t broken = 0;
    for (size_t i = 0; i < class->list->count; i++) {
        const struct outcome *outcome = &class->outcomes[i];
        passed += code_of(outcome->record.verdict) == EXIT_ALL_PASS;
        broken += code_of(outcome->record.verdict) >= EXIT_BAD_FILE;
        reused += outcome->is_reused;
    }
    printf("%zu submissions: %zu pass, %zu do not, %zu could not be judged "
           "(%zu unchanged); see %s/summary%s.csv\n",
           class->list->count, passed, class->list->count - passed - broken,
           broken, reused, class->task->keep, class->task->part_name);
}

// --- the main path ---------------------------------------------------------

static void
open_job(struct job *job, size_t index)
{
    *job = (struct job){
        .index = index,
        .record = memfd_create("record", MFD_CLOEXEC),
        .text = memfd_create("report", MFD_CLOEXEC),
    };
    if (job->record < 0 || job->text < 0) {
        fprintf(stderr, "ouro-grade: cannot make a file in memory: %s\n",
                strerror(errno));
        exit(EXIT_BAD_MACHINE);
    }
}

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
            open_job(&job, i);
            complain(one, one->problem);
            write_refusal(class, &job, one->problem, true);
            settle(class, &job, NULL);
        }
        else if (outcome->key != NULL &&
                 is_unchanged(class, i, &outcome->record)) {
            outcome->is_done = outcome->is_reused = true;
            raise_code(class, code_of(outcome->record.verdict));
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
    open_job(job, class->next++);
    fflush(NULL);
    job->grader = fork();
    if (job->grader == 0) {
        be_grader(class, job, parent);
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
        print_ready(class);
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
machine_works(void)
{
    char failure[256] = "";
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
    if (class->code == EXIT_INTERNAL && !machine_works()) {
        class->code = EXIT_BAD_MACHINE;
    }
    if (task->keep != NULL) {
        keep_summary(class);
        print_end(class);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "ouro-grade: cannot write: %s\n", strerror(errno));
        raise_code(class, EXIT_BAD_MACHINE);
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
        find_base(&class);
    }
    if (task->keep != NULL && name_keys(&class) != 0) {
        class.code = EXIT_WRONG_USAGE;
    }
    else if (settle_the_known(&class) > 1 &&
             (!machine_works() || run_reference(&class) != 0)) {
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
