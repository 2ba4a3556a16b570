/* Artifact: what was built for the labs, and is shown in a box. */
#ifndef GRADER_ARTIFACT_H
#define GRADER_ARTIFACT_H

#include <stddef.h>

#include "grader/buffer.h"

/* Reads a file of one lab, or of "." what all labs share, at most limit bytes.
 * 0, or -1 with the reason. */
int artifact_read(struct buffer *bytes, const char *artifacts, const char *lab,
                  const char *name, size_t limit, char *reason,
                  size_t reason_size);

/* The path of such a file, new; or NULL with the reason when it cannot be
 * read. */
char *artifact_find(const char *artifacts, const char *lab, const char *name,
                    char *reason, size_t reason_size);

#endif
