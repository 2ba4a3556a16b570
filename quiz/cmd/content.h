/* The parts of `ouro content`. Only quiz/cmd/content*.c uses it.
 *
 *   content.c           list, stats, manifest
 *   content_check.c     what is wrong, or not good, in the files
 *   content_new.c       a draft to be written over
 *   content_watch.c     a question as it looks, at every save
 *   content_facts.c     what Python can be asked about
 *   content_coverage.c  which rows of seeds.yaml have questions */
#ifndef QUIZ_CMD_CONTENT_H
#define QUIZ_CMD_CONTENT_H

#include <stdbool.h>

#include "quiz/io/json.h"

struct bank;
struct context;
struct fault;
struct faults;
struct error;

/* Whether path is a content folder, rather than a file. */
bool content_is_folder(const char *path);

/* Loads the questions of a path (a content folder or a file of questions),
 * those without faults. 0, or -1 with err. */
int content_load_path(const char *path, struct bank *bank,
                      struct faults *faults, struct error *err);

/* Looks the questions through, beside the other files of a content folder.
 * root: the folder when all of it is checked, and not only some files (then
 * NULL): the faults of those other files count, too. */
void content_check_bank(struct context *context, struct bank *bank,
                        const char *folder, const char *root,
                        struct faults *faults);

/* A fault as it stands in documents, new. */
json_t *content_fault_json(const struct fault *fault);

/* paths: folders and files, NULL-terminated; none: the program's own. */
int content_check(struct context *context, int count, char **paths);

/* path: a folder or a file of questions, or NULL for the program's own. */
int content_facts(struct context *context, const char *path);

int content_coverage(struct context *context);

/* argv: "new" and its options. */
int content_new(struct context *context, int argc, char **argv);

int content_watch(struct context *context, const char *id);

#endif
