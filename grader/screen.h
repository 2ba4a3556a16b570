/* Screen: looks at a learner's object before anything of it runs.
 *
 * A courtesy, not the wall: it finds what can be said better before linking
 * than after running. The bytes are hostile; every offset is checked. */
#ifndef GRADER_SCREEN_H
#define GRADER_SCREEN_H

#include "grader/buffer.h"
#include "grader/manifest.h"
#include "grader/verdict.h"

/* Reads an object file (ELF64), and in its source why it may lack something.
 * PASS, or LINK_ERROR / FORBIDDEN with one or more lines in reason. */
enum verdict screen_object(const struct buffer *object,
                           const struct manifest *manifest,
                           const struct buffer *source, struct buffer *reason);

#endif
