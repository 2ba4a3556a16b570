/* Evidence: what a sanitizer said of a case, in few words and with the
 * learner's own lines. */
#ifndef GRADER_EVIDENCE_H
#define GRADER_EVIDENCE_H

#include "grader/buffer.h"

/* In the line in which assert() says what does not hold, before a quoted
 * condition. */
#define EVIDENCE_ASSERTION ": Assertion "

/* Adds to detail what the log of a sanitizer (hostile bytes) says, one fact a
 * line: "heap-use-after-free: read at line 12", "freed at line 9". part is the
 * file in memory that the part was linked into; its addresses are looked up
 * in a box. Returns whether the log has a finding at all. */
bool evidence_read(const struct buffer *part, const char *log, size_t length,
                   struct buffer *detail);

/* Adds to detail what the traces (trace.h) in the log of a case say. */
void evidence_read_trace(const struct buffer *part, const char *log,
                         size_t length, struct buffer *detail);

/* Whether the finding is nothing but the crash that the plain run has seen. */
bool evidence_is_crash(const char *log, size_t length);

#endif
