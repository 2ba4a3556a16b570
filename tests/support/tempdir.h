/* Tempdir: a folder for one test, gone after it. Failures end the test
 * program with a message. */
#ifndef TESTS_SUPPORT_TEMPDIR_H
#define TESTS_SUPPORT_TEMPDIR_H

#include <stddef.h>

/* The path of a new, empty folder; new. Give it to tempdir_remove(). */
char *tempdir_make(void);

/* Removes the folder with all that is in it and frees path; NULL is fine. */
void tempdir_remove(char *path);

/* Writes folder/name (folders in between are made). Returns its path, new. */
char *tempdir_write(const char *folder, const char *name, const char *text);

/* The whole file as a terminated string, new, or NULL if it is not there. */
char *tempdir_read(const char *path);

#endif
