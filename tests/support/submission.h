/* Submission: a file that stands for what a learner hands in to a lab.
 *
 * A file that begins with "// replaces: f" is put behind the right solution
 * whose function f is hidden; any other is the whole submission. */
#ifndef TESTS_SUPPORT_SUBMISSION_H
#define TESTS_SUPPORT_SUBMISSION_H

/* The lab, whose right solution is labs/runtime/object.c. */
#define SUBMISSION_LAB "01_refcount"

/* The submission that a text stands for; new. */
char *submission_of(const char *text);

/* The same for the text of a file; new, or NULL if it is not there. */
char *submission_read(const char *path);

#endif
