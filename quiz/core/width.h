/* Width: columns that UTF-8 text takes on a terminal (utf8proc).
 *
 * Counted by grapheme cluster: combining marks take none, East Asian wide
 * characters and emoji take two, however many code points they are made of.
 * Bytes that are no UTF-8 count as one column each. */
#ifndef QUIZ_CORE_WIDTH_H
#define QUIZ_CORE_WIDTH_H

#include <stddef.h>

/* The columns of a whole string. */
size_t width_of(const char *string);

/* The length in bytes of the cluster that starts at string (0 at the end),
 * and its columns (0 to 2). */
size_t width_cluster(const char *string, int *columns);

#endif
