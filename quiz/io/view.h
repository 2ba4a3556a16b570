/* View: how results look for a person.
 *
 * Lays Markdown and code out for any width from 20 columns, coloured or plain,
 * wrapping by display width. Nothing is printed that could move the cursor:
 * control characters of the text are shown as pictures or left out. */
#ifndef QUIZ_IO_VIEW_H
#define QUIZ_IO_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "quiz/core/question.h"

enum view_style {
    VIEW_PLAIN,
    VIEW_STRONG,
    VIEW_DIM,
    VIEW_HEADING,
    VIEW_RIGHT,  // green
    VIEW_WRONG,  // red
    VIEW_NOTICE, // yellow
    VIEW_CODE,
    VIEW_KEY, // a key to press
    VIEW_STYLE_COUNT
};

struct view {
    FILE *out;
    int width; // columns
    bool color;
    bool utf8; // box drawing and ticks may be used
};

/* Markdown, wrapped; indent columns are left free at the left. */
void view_markdown(const struct view *view, const char *markdown, int indent);

/* Program text with a light syntax colouring, never wrapped silently: a line
 * too long goes on behind a mark. */
void view_code(const struct view *view, const char *code, enum code_lang lang,
               int indent);

/* One paragraph of plain text in a style, wrapped; first is printed before
 * the first line ("1. ", "✓ "), the others are indented by its width. */
void view_paragraph(const struct view *view, enum view_style style, int indent,
                    const char *first, const char *text);

/* A heading line, a rule across, and an empty line. */
void view_heading(const struct view *view, const char *text);
void view_rule(const struct view *view);
void view_gap(const struct view *view);

/* Text in a style within a line. */
void view_styled(const struct view *view, enum view_style style,
                 const char *text);

#endif
