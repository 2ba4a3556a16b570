/* The parts of `ouro content`. Only quiz/cmd/content*.c uses it.
 *
 *   content.c           list, stats, manifest
 *   content_check.c     what is wrong, or not good, in the files
 *   content_facts.c     what Python can be asked about
 *   content_coverage.c  which rows of seeds.yaml have questions */
#ifndef QUIZ_CMD_CONTENT_H
#define QUIZ_CMD_CONTENT_H

#include <stdbool.h>

struct bank;
struct context;
struct faults;
struct error;

/* Whether path is a content folder, rather than a file. */
bool content_is_folder(const char *path);

/* Loads the questions of a path (a content folder or a file of questions),
 * those without faults. 0, or -1 with err. */
int content_load_path(const char *path, struct bank *bank,
                      struct faults *faults, struct error *err);

/* paths: folders and files, NULL-terminated; none: the program's own. */
int content_check(struct context *context, int count, char **paths);

/* path: a folder or a file of questions, or NULL for the program's own. */
int content_facts(struct context *context, const char *path);

int content_coverage(struct context *context);

#endif
