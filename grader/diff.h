/* Diff: two lists of observations, side by side where they first part. */
#ifndef GRADER_DIFF_H
#define GRADER_DIFF_H

#include "grader/buffer.h"
#include "grader/observe.h"

/* Adds the lines of struct grade_divergence's diff: a few that are the same
 * before the first difference, which is at index `at` of both lists, and what
 * comes behind it, as the shortest way from one list to the other. */
void diff_show(struct buffer *lines, const struct observations *ours,
               const struct observations *theirs, size_t at);

#endif
