/* Compile: a learner's file into an object and a shared part, in a box. */
#ifndef GRADER_COMPILE_H
#define GRADER_COMPILE_H

#include <limits.h>
#include <stdbool.h>

#include "grader/buffer.h"
#include "grader/manifest.h"
#include "grader/preamble.h"
#include "grader/sandbox.h"

enum {
    COMPILE_WORDS = 96
};

enum compile_track {
    COMPILE_PLAIN,
    COMPILE_CHECKED, // with the sanitizers; less urgent
    COMPILE_QUICK,   // by tcc, which is there where it is
    COMPILE_ANXIOUS  // plainly, up to the first error
};

/* What is compiled, and against what. */
struct compile_task {
    const char *artifacts, *lab_id, *include; // see grade.h
    const char *const *hidden;                // as in struct sandbox_task
    const struct manifest *manifest;
    const struct buffer *source;
    bool waits; // for the source, which begins as this one, see compile_give()
};

/* A compilation that runs; make it with compile_start(). */
struct compilation {
    enum compile_track track;
    struct sandbox_task task;
    struct sandbox_file files[5];
    char *builder, *libc;
    struct buffer exports, tools;
    struct buffer beginning; // of a file that is waited for
    struct buffer disarmed;  // the file, as the sanitizers' compiler sees it
    struct preamble preamble;
    char skipped[24], line[24]; // of it, in digits
    int source;                 // our end, until the file is given; or -1
    char helpers[PATH_MAX];     // the compiler's own functions, or ""
    const char *words[COMPILE_WORDS];
    size_t word_count;
    int object, part; // files in memory that the results are written to
    struct sandbox *sandbox;
    struct sandbox_result result;
    int64_t link_us; // of what it took; -1: it was not linked
};

/* Starts compiling. 0, or -1 with the reason. Give it to compile_wait(), then
 * to compile_release(). The task's parts must live until then. */
int compile_start(struct compilation *compilation,
                  const struct compile_task *task, enum compile_track track,
                  char *reason, size_t reason_size);
void compile_wait(struct compilation *compilation);

/* A compiler that waits has read the headers that its task's source begins
 * with. It can take a file that begins in the same way, and that may be cut
 * there; give it one, once. */
bool compile_can_take(const struct compilation *compilation,
                      const struct buffer *source);
void compile_give(struct compilation *compilation,
                  const struct buffer *source);

/* In what it says of such a file: a place that it cannot tell. */
#define COMPILE_NOWHERE "\"column\": -1"

/* Waits, and leaves the box to compile_wait(), which does not wait then. */
void compile_watch(struct compilation *compilation);
void compile_release(struct compilation *compilation);

/* The path of gcc, or of tcc; or NULL. */
const char *compile_find_compiler(void);
const char *compile_find_quick(void);

#endif
