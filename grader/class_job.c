#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "grader/class_state.h"

enum {
    REPORT_BYTES = 256 << 20,
    STUCK_S = 900 // no grading takes so long
};

void
class_job_open(struct job *job, size_t index)
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
    char fingerprint[FINGERPRINT_SIZE] = "";
    if (kept && !is_bad_file) {
        fingerprint_of(class->base, result->file_sha256, fingerprint);
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

void
class_job_refuse(const struct class *class, const struct job *job,
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

_Noreturn void
class_job_run(const struct class *class, const struct job *job, pid_t parent)
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
    grade.is_one_of_many = class->list->count > 1;
    if (grade_file(&grade, &result, reason, sizeof(reason)) != 0) {
        const struct submission *one = &class->list->items[job->index];
        class_complain(one, reason);
        class_job_refuse(class, job, reason,
                         strstr(reason, one->file) != NULL);
    }
    else {
        write_reports(class, job, &result, false);
        grade_release(&result); // ends what still runs
    }
    _exit(EXIT_ALL_PASS);
}

bool
class_job_read(const struct job *job, struct buffer *record,
               struct outcome *outcome)
{
    buffer_release(&outcome->text);
    return buffer_read_whole(record, job->record, REPORT_BYTES) == 0 &&
           buffer_read_whole(&outcome->text, job->text, REPORT_BYTES) == 0 &&
           record_parse(buffer_string(record), record->length,
                        &outcome->record);
}

void
class_job_empty(const struct job *job)
{
    if (ftruncate(job->record, 0) != 0 || ftruncate(job->text, 0) != 0 ||
        lseek(job->record, 0, SEEK_SET) != 0 ||
        lseek(job->text, 0, SEEK_SET) != 0) {
        abort();
    }
}

void
class_job_close(struct job *job)
{
    close(job->record);
    close(job->text);
    job->grader = 0;
}
