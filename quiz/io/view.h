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
#include "quiz/core/text.h"

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
    VIEW_EMPHASIS,
    VIEW_KEYWORD, // of a program text, like the three below
    VIEW_STRING,
    VIEW_COMMENT,
    VIEW_NUMBER,
    VIEW_STYLE_COUNT
};

struct view {
    FILE *out;
    int width; // columns
    bool color;
    bool utf8; // box drawing and ticks may be used
};

/* Styled text that is laid out as one paragraph: every byte of text has its
 * style in styles. `struct flow flow = {0};` is empty. */
struct flow {
    struct text text, styles;
};
void flow_release(struct flow *flow);
/* Adds text (UTF-8, perhaps broken): what could move a cursor or hide text is
 * made visible or left out; a newline becomes a line break. */
void flow_add(struct flow *flow, enum view_style style, const char *text);
void flow_add_bytes(struct flow *flow, enum view_style style,
                    const char *bytes, size_t length);

/* Wraps the flow to the view's width, indent columns free at the left (fewer
 * if hardly any were left for the text); first is printed before the first
 * line ("1. ") and its width kept free before the others. */
void view_flow(const struct view *view, int indent, const char *first,
               const struct flow *flow);

/* Markdown (CommonMark and tables), wrapped; indent columns are left free at
 * the left. Blocks are parted by empty lines; none before or after. */
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

/* The columns that text (UTF-8) takes on the view's terminal. */
int view_columns(const struct view *view, const char *text);

/* Text in a style within a line; not wrapped. */
void view_styled(const struct view *view, enum view_style style,
                 const char *text);

#endif
