/* Submission: what one student handed in. A list of these is what a call
 * grades. */
#ifndef GRADER_SUBMISSION_H
#define GRADER_SUBMISSION_H

#include <stddef.h>

struct submission {
    char *name;    // of the student's file or folder; may be any bytes
    char *file;    // the C file, or what was named if there is none
    char *problem; // why there is no file to grade, or NULL
};

struct submissions {
    struct submission *items;
    size_t count;
};

/* Adds what a path stands for: a file is one submission; of a folder, each
 * file and each folder in it is one, sorted by name, but for what begins with
 * a dot and the folder kept (NULL: none). Of a student's folder the C file is
 * taken that is alone in it, or else alone has the name wanted (NULL: none).
 * Links are not followed below path, as they could lead to somebody else's
 * file. Returns 0, or -1 with the reason when the folder cannot be read. */
int submissions_add(struct submissions *list, const char *path,
                    const char *wanted, const char *kept, char *reason,
                    size_t reason_size);

/* Keeps the part number index (from 1) of count parts. In which part a
 * submission is depends on its name and on count, and on nothing else. */
void submissions_shard(struct submissions *list, unsigned index,
                       unsigned count);

void submissions_release(struct submissions *list); // a zeroed one is fine

#endif
