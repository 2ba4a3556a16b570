/* Content lint: what core/lint finds, with its place in the files. */
#ifndef QUIZ_IO_CONTENT_LINT_H
#define QUIZ_IO_CONTENT_LINT_H

struct faults;
struct lint_context;

/* Adds what is found in the bank to faults, in the order of the files; the
 * rule's name ends each message. root: the content folder, or NULL when the
 * files are found as the questions name them. */
void content_lint(const char *root, const struct lint_context *context,
                  struct faults *faults);

#endif
