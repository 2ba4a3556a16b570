/* Diff: what has to change to make one text out of another, line by line, in
 * the unified form of diff -u. */
#ifndef QUIZ_CORE_DIFF_H
#define QUIZ_CORE_DIFF_H

struct text;

/* Adds to out the unified diff from old to new, with three lines around each
 * change, under the two names. Nothing is added when the texts are equal. The
 * work grows with the product of the numbers of lines that differ; texts of a
 * few thousand lines are fine. */
void diff_unified(struct text *out, const char *old_name, const char *old,
                  const char *new_name, const char *new);

#endif
