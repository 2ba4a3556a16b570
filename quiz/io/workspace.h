/* Workspace: the folder in which a learner works on a lab.
 *
 * Made by `ouro lab start`, by default ./ouro-labs/ID: the file to write, the
 * task, and compile_flags.txt so that editors find the headers. Where it is,
 * is remembered, so that the other commands find it from anywhere. Nothing
 * of a learner's is ever overwritten. */
#ifndef QUIZ_IO_WORKSPACE_H
#define QUIZ_IO_WORKSPACE_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* "ouro-labs/ID", new. */
char *workspace_default(const char *lab_id);

/* Puts a file into folder, which is made if it is not there. A file of this
 * name that exists is left alone. Returns 0 and whether it was written, or -1
 * with err. */
int workspace_put(const char *folder, const char *name, const char *text,
                  bool *written, struct error *err);

/* Remembers in the state folder that the lab is worked on in folder. 0, or -1
 * with err. */
int workspace_remember(const char *state_folder, const char *lab_id,
                       const char *folder, struct error *err);

/* The learner's file: in the current folder if that is called like the lab,
 * else in ouro-labs/ID, else where it was last started. New, or NULL when
 * there is none in these places. */
char *workspace_find(const char *state_folder, const char *lab_id,
                     const char *file_name);

/* Moves a file aside to a new name beside it ("object.c.bak", then
 * "object.c.bak.2", ...). Returns 0 and *backup (new), or -1 with err. */
int workspace_set_aside(const char *path, char **backup, struct error *err);

#endif
