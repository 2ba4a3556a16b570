/* Highlight: a light syntax colouring, one piece of a line after another. */
#ifndef QUIZ_IO_HIGHLIGHT_H
#define QUIZ_IO_HIGHLIGHT_H

#include <stddef.h>

#include "quiz/io/view.h"

/* Where in a program text we are. */
struct highlight {
    enum code_lang lang;
    const char *open; // what ends the string or comment we are in, or NULL
    enum view_style open_style;
};

struct highlight highlight_begin(enum code_lang lang);

/* The length (at least 1) and the style of the next piece of a line of which
 * length bytes are left. */
size_t highlight_next(struct highlight *highlight, const char *bytes,
                      size_t length, enum view_style *style);

/* To be called at the end of every line. */
void highlight_end_line(struct highlight *highlight);

#endif
