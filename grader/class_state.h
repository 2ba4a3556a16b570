/* Class state: what the files of the class share. Not for others. */
#ifndef GRADER_CLASS_STATE_H
#define GRADER_CLASS_STATE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "grader/buffer.h"
#include "grader/class.h"
#include "grader/fingerprint.h"
#include "grader/keep.h"

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
    char base[FINGERPRINT_SIZE]; // of all that fingerprints have in common
    enum exit_code code;
    sigset_t signals, before;
};

/* Makes the code at least as grave. */
void class_raise(struct class *class, enum exit_code code);

enum exit_code class_code_of(const char *verdict);

/* Says on stderr what is the matter with a submission. */
void class_complain(const struct submission *one, const char *what);

/* Gives a job its submission, and files in memory for what it will write. */
void class_job_open(struct job *job, size_t index);

/* The process of a grader: grades, and writes its reports. */
_Noreturn void class_job_run(const struct class *class, const struct job *job,
                             pid_t parent);

/* Writes the report of what was not judged, and why. */
void class_job_refuse(const struct class *class, const struct job *job,
                      const char *why, bool is_bad_file);

/* Reads what a job has written; false when it is not whole. */
bool class_job_read(const struct job *job, struct buffer *record,
                    struct outcome *outcome);

/* Throws away what a grader wrote before it ended too early. */
void class_job_empty(const struct job *job);

void class_job_close(struct job *job);

/* Writes a file of the folder that is kept, or complains. */
void class_keep(struct class *class, const char *key, const char *suffix,
                const struct buffer *bytes);

/* Prints what is done, as far as all before it is done, too. */
void class_print_ready(struct class *class);

/* The table of all submissions, into the folder that is kept. */
void class_keep_summary(struct class *class);

/* The last line: how many of each. */
void class_print_end(const struct class *class);

#endif
