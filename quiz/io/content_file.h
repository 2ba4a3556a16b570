/* Content file: one YAML file being read, from opening it to the summary of
 * what is wrong with it. Only io/content*.c uses it. */
#ifndef QUIZ_IO_CONTENT_FILE_H
#define QUIZ_IO_CONTENT_FILE_H

#include "quiz/io/content_reader.h"

struct error;

struct content_file {
    const struct ynode *root; // NULL when there is nothing to read
    struct reader reader;
    struct faults own;    // used when the caller keeps no faults
    size_t errors_before; // in the list of faults
    size_t faults_before;
};

/* Reads path, called name in faults and questions, into arena. faults may be
 * NULL. -1 with err only when the file cannot be read at all; else give it to
 * content_file_close(). */
int content_file_open(struct content_file *file, const char *path,
                      const char *name, struct arena *arena,
                      struct faults *faults, struct error *err);

/* 0 if no fault was added since; else -1 with err, whose first line is the
 * first fault. */
int content_file_close(struct content_file *file, struct error *err);

/* Fills err with a summary of the faults from the given place on, and returns
 * -1. */
int content_summarise(const struct faults *faults, size_t from,
                      struct error *err);

#endif
