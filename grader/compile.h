/* Compile: a learner's file into an object and a shared part, in a box. */
#ifndef GRADER_COMPILE_H
#define GRADER_COMPILE_H

#include <stdbool.h>

#include "grader/grade.h"
#include "grader/manifest.h"
#include "grader/sandbox.h"

enum {
    COMPILE_HEADERS = 256,
    COMPILE_MESSAGES = 32
};

/* A compilation that runs; make it with compile_start(). */
struct compilation {
    struct sandbox_task task;
    struct sandbox_file files[COMPILE_HEADERS + 2];
    struct buffer contents[COMPILE_HEADERS + 2];
    char *names[COMPILE_HEADERS + 2];
    int object, part; // files in memory that the results are written to
    struct sandbox *sandbox;
    struct sandbox_result result;
};

/* Starts compiling source against the headers of include, plain or with the
 * sanitizers. 0, or -1 with the reason. Give it to compile_wait(), then to
 * compile_release(). */
int compile_start(struct compilation *compilation, const char *include,
                  const char *const *hidden, const struct manifest *manifest,
                  const struct buffer *source, bool sanitizers, char *reason,
                  size_t reason_size);
void compile_wait(struct compilation *compilation);
void compile_release(struct compilation *compilation);

/* What the compiler said. */
struct messages {
    struct grade_message items[COMPILE_MESSAGES]; // text is owned here
    size_t count;
    bool has_error;
};
void compile_messages(const struct compilation *compilation,
                      struct messages *messages);
void messages_release(struct messages *messages);

/* The path of gcc, or NULL. */
const char *compile_find_compiler(void);

#endif
