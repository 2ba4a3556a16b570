/* Fingerprint: tells whether a verdict would have to be found again.
 *
 * It is the SHA-256, in hexadecimal, of whatever a verdict depends on: the
 * grader, the lab as it was built, the seed, and the file that was graded. */
#ifndef GRADER_FINGERPRINT_H
#define GRADER_FINGERPRINT_H

#include "grader/buffer.h"
#include "grader/grade.h"

enum {
    FINGERPRINT_SIZE = 65
};

/* What all files that are graded in one way have in common. It reads the
 * grader's program and the lab, so do it once. */
void fingerprint_base(const struct grade_task *grade,
                      char base[FINGERPRINT_SIZE]);

/* The fingerprint of one file, of which the SHA-256 is given. */
void fingerprint_of(const char *base, const char *file_sha256,
                    char fingerprint[FINGERPRINT_SIZE]);

/* Adds a line about each file of a folder, by name, to a list; not about
 * folders in it. */
typedef void fingerprint_file(struct buffer *list, const char *path);
void fingerprint_add_folder(struct buffer *list, const char *folder,
                            fingerprint_file *add);

#endif
