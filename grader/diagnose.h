/* Diagnose: what the compiler and the linker said, for a learner. The bytes
 * are hostile: whoever writes C can make a compiler say many things. */
#ifndef GRADER_DIAGNOSE_H
#define GRADER_DIAGNOSE_H

#include "grader/buffer.h"
#include "grader/grade.h"
#include "grader/manifest.h"

enum {
    DIAGNOSE_MESSAGES = 32
};

struct messages {
    struct grade_message items[DIAGNOSE_MESSAGES]; // texts are owned here
    size_t count;
    bool has_error;
};

/* Reads gcc's JSON, followed by lines of other tools. The message that matters
 * comes first: errors before warnings, in the compiler's order. A message in
 * the learner's own file gets the line of source that it is about, and for the
 * errors that beginners make, a hint. Release the messages. */
void diagnose(struct messages *messages, const struct buffer *said,
              const struct buffer *source, const struct manifest *manifest);
void messages_release(struct messages *messages);

#endif
