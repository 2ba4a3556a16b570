/* Preamble: the beginning of a file that only includes headers.
 *
 * A compiler can read it before the rest is there: it changes less often than
 * what comes behind it, and takes as long to compile as a file of this size.
 * The file is then in two pieces, of which the second is included by the
 * first; the compiler is told which lines they are. */
#ifndef GRADER_PREAMBLE_H
#define GRADER_PREAMBLE_H

#include <stdbool.h>
#include <stddef.h>

struct preamble {
    size_t bytes;
    int lines; // in them, each with its end
};

/* What of a text is nothing but comments, empty lines and headers of the
 * system or of ours, up to the last header. */
struct preamble preamble_of(const char *text, size_t length);

/* Whether a file may be cut there: false when it asks for what is otherwise in
 * an included file. */
bool preamble_may_cut(const char *text, size_t length);

#endif
