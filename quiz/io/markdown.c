/* Markdown on a terminal: md4c says what it meets, and each block is laid out
 * as soon as it ends. */
#include <md4c.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "quiz/core/xalloc.h"
#include "quiz/io/view.h"

enum {
    DEEPEST = 16,
    MOST_COLUMNS = 8
};

/* A list or a block quote that we are in. */
struct container {
    int indent; // of its content
    int number; // of the next item; -1: bullets, or no list
    bool tight; // no empty lines between the items
    bool begun; // had an item
};

struct markdown {
    const struct view *view;
    int indent;
    struct container containers[DEEPEST];
    int depth;
    char bullet[16];       // of the item whose first block is to come
    struct flow flow;      // of the block we are in
    struct text code;      // of the code block we are in
    bool in_code, in_item; //
    enum code_lang code_lang;
    enum view_style styles[DEEPEST]; // of the spans we are in
    int style_depth;
    bool started; // something was printed: an empty line comes before more
    struct flow *cells;
    int cell_count, cell_room, column_count;
    size_t link_start; // in the flow's text, of the link we are in
};

/* What is nested too deep is shown at the deepest level. */
static int
shown_depth(int depth)
{
    return depth < DEEPEST ? depth : DEEPEST - 1;
}

static struct container *
innermost(struct markdown *markdown)
{
    return &markdown->containers[shown_depth(markdown->depth)];
}

static int
current_indent(const struct markdown *markdown)
{
    return markdown->containers[shown_depth(markdown->depth)].indent;
}

static void
part_from_before(struct markdown *markdown)
{
    bool tight = innermost(markdown)->tight && markdown->in_item;
    if (markdown->started && !tight) {
        view_gap(markdown->view);
    }
    markdown->started = true;
}

static enum view_style
style_now(const struct markdown *markdown)
{
    return markdown->styles[shown_depth(markdown->style_depth)];
}

static void
push_style(struct markdown *markdown, enum view_style style)
{
    if (++markdown->style_depth < DEEPEST) {
        markdown->styles[markdown->style_depth] = style;
    }
}

static void
pop_style(struct markdown *markdown)
{
    if (markdown->style_depth > 0) {
        markdown->style_depth--;
    }
}

/* Prints the flow as a paragraph of the innermost container. */
static void
end_paragraph(struct markdown *markdown)
{
    if (markdown->flow.text.length == 0 && markdown->bullet[0] == '\0') {
        return;
    }
    part_from_before(markdown);
    int indent = innermost(markdown)->indent;
    int hanging = view_columns(markdown->view, markdown->bullet);
    // A long number starts at the left end and pushes its text to the right.
    view_flow(markdown->view, indent > hanging ? indent - hanging : 0,
              markdown->bullet, &markdown->flow);
    flow_release(&markdown->flow);
    markdown->bullet[0] = '\0';
}

static void
push_container(struct markdown *markdown, int more, int number, bool tight)
{
    int indent = innermost(markdown)->indent;
    if (++markdown->depth < DEEPEST) {
        *innermost(markdown) = (struct container){
            .indent = indent + more, .number = number, .tight = tight};
    }
}

static void
pop_container(struct markdown *markdown)
{
    if (markdown->depth > 0) {
        markdown->depth--;
    }
}

static void
start_item(struct markdown *markdown)
{
    struct container *list = innermost(markdown);
    int number = list->number;
    if (number >= 0) {
        snprintf(markdown->bullet, sizeof(markdown->bullet), "%d. ", number);
        list->number++;
    }
    else {
        snprintf(markdown->bullet, sizeof(markdown->bullet), "• ");
    }
    markdown->in_item = false; // the first block of an item is parted ...
    if (list->tight && (list->begun || markdown->depth > 1)) {
        markdown->in_item = true; // ... unless a tight list goes on
    }
    list->begun = true;
}

static enum code_lang
lang_of_fence(const MD_BLOCK_CODE_DETAIL *detail)
{
    if (detail->lang.size > 0 && detail->lang.text[0] == 'p') {
        return CODE_PYTHON;
    }
    if (detail->lang.size == 1 && detail->lang.text[0] == 'c') {
        return CODE_C;
    }
    bool shell = detail->lang.size > 1 && detail->lang.text[0] == 's';
    return shell ? CODE_SHELL : CODE_TEXT;
}

static int
enter_block(MD_BLOCKTYPE type, void *detail, void *data)
{
    struct markdown *markdown = data;
    switch (type) {
    case MD_BLOCK_UL:
    case MD_BLOCK_OL: {
        bool ordered = type == MD_BLOCK_OL;
        end_paragraph(markdown); // the text of the item that holds this list
        push_container(
            markdown, ordered ? 3 : 2,
            ordered ? (int)((MD_BLOCK_OL_DETAIL *)detail)->start : -1,
            (ordered ? ((MD_BLOCK_OL_DETAIL *)detail)->is_tight
                     : ((MD_BLOCK_UL_DETAIL *)detail)->is_tight) != 0);
        markdown->in_item = markdown->depth > 1;
        break;
    }
    case MD_BLOCK_LI:
        start_item(markdown);
        break;
    case MD_BLOCK_QUOTE:
        push_container(markdown, 2, -1, false);
        break;
    case MD_BLOCK_H:
        push_style(markdown, VIEW_HEADING);
        break;
    case MD_BLOCK_CODE:
        end_paragraph(markdown);
        markdown->in_code = true;
        markdown->code_lang = lang_of_fence(detail);
        break;
    case MD_BLOCK_TABLE:
        markdown->cell_count = 0;
        markdown->column_count =
            (int)((MD_BLOCK_TABLE_DETAIL *)detail)->col_count;
        break;
    case MD_BLOCK_TH:
        push_style(markdown, VIEW_STRONG);
        break;
    case MD_BLOCK_HR:
        part_from_before(markdown);
        view_rule(markdown->view);
        break;
    case MD_BLOCK_DOC:
    case MD_BLOCK_HTML:
    case MD_BLOCK_P:
    case MD_BLOCK_THEAD:
    case MD_BLOCK_TBODY:
    case MD_BLOCK_TR:
    case MD_BLOCK_TD:
        break;
    }
    return 0;
}

static void
end_code(struct markdown *markdown)
{
    part_from_before(markdown);
    view_code(markdown->view, text_string(&markdown->code),
              markdown->code_lang, innermost(markdown)->indent + 2);
    text_release(&markdown->code);
    markdown->in_code = false;
}

static void
end_cell(struct markdown *markdown)
{
    if (markdown->cell_count == markdown->cell_room) {
        markdown->cell_room = markdown->cell_room * 2 + 64;
        markdown->cells =
            xreallocarray(markdown->cells, (size_t)markdown->cell_room,
                          sizeof(*markdown->cells));
    }
    markdown->cells[markdown->cell_count++] = markdown->flow;
    markdown->flow = (struct flow){0};
}

/* The widths of the columns, and whether they fit side by side. */
static bool
table_fits(const struct markdown *markdown, int *widths)
{
    int all = current_indent(markdown);
    for (int column = 0; column < markdown->column_count; column++) {
        widths[column] = 0;
        for (int i = column; i < markdown->cell_count;
             i += markdown->column_count) {
            int width = view_columns(markdown->view,
                                     text_string(&markdown->cells[i].text));
            widths[column] = width > widths[column] ? width : widths[column];
        }
        all += widths[column] + 2;
    }
    return all - 2 <= markdown->view->width;
}

static void
put_table_row(const struct markdown *markdown, int row, const int *widths)
{
    struct flow line = {0};
    int first = row * markdown->column_count;
    for (int column = 0; column < markdown->column_count &&
                         first + column < markdown->cell_count;
         column++) {
        const struct flow *cell = &markdown->cells[first + column];
        const char *text = text_string(&cell->text);
        for (size_t i = 0; i < cell->text.length; i++) {
            // Bytes as they are: they were made safe when they came.
            text_add_char(&line.text, text[i]);
            text_add_char(&line.styles, cell->styles.bytes[i]);
        }
        int pad = widths[column] + 2 - view_columns(markdown->view, text);
        for (; column + 1 < markdown->column_count && pad > 0; pad--) {
            flow_add(&line, VIEW_PLAIN, " ");
        }
    }
    fprintf(markdown->view->out, "%*s", current_indent(markdown), "");
    struct view wide = *markdown->view;
    wide.width = 10000;
    view_flow(&wide, 0, "", &line);
    flow_release(&line);
}

/* Too wide for columns: each row as "header: cell" lines. */
static void
put_table_as_list(const struct markdown *markdown)
{
    int columns = markdown->column_count;
    int indent = current_indent(markdown);
    for (int i = columns; i < markdown->cell_count; i++) {
        bool first = i % columns == 0;
        struct flow line = {0};
        if (!first) {
            flow_add(&line, VIEW_DIM,
                     text_string(&markdown->cells[i % columns].text));
            flow_add(&line, VIEW_DIM, ": ");
        }
        flow_add(&line, first ? VIEW_STRONG : VIEW_PLAIN,
                 text_string(&markdown->cells[i].text));
        view_flow(markdown->view, indent + (first ? 0 : 2), first ? "• " : "",
                  &line);
        flow_release(&line);
    }
}

static void
end_table(struct markdown *markdown)
{
    int widths[MOST_COLUMNS] = {0};
    int columns = markdown->column_count;
    part_from_before(markdown);
    if (columns > 0 && columns <= MOST_COLUMNS &&
        table_fits(markdown, widths)) {
        for (int row = 0; row * columns < markdown->cell_count; row++) {
            put_table_row(markdown, row, widths);
        }
    }
    else if (columns > 0) {
        put_table_as_list(markdown);
    }
    for (int i = 0; i < markdown->cell_count; i++) {
        flow_release(&markdown->cells[i]);
    }
    markdown->cell_count = 0;
}

static int
leave_block(MD_BLOCKTYPE type, void *detail, void *data)
{
    struct markdown *markdown = data;
    (void)detail;
    switch (type) {
    case MD_BLOCK_P:
        end_paragraph(markdown);
        markdown->in_item = false;
        break;
    case MD_BLOCK_LI:
        end_paragraph(markdown);
        markdown->in_item = true;
        break;
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
        pop_container(markdown);
        markdown->in_item = markdown->depth > 0;
        break;
    case MD_BLOCK_QUOTE:
        pop_container(markdown);
        break;
    case MD_BLOCK_H:
        end_paragraph(markdown);
        pop_style(markdown);
        break;
    case MD_BLOCK_CODE:
        end_code(markdown);
        break;
    case MD_BLOCK_TH:
        end_cell(markdown);
        pop_style(markdown);
        break;
    case MD_BLOCK_TD:
        end_cell(markdown);
        break;
    case MD_BLOCK_TABLE:
        end_table(markdown);
        break;
    case MD_BLOCK_DOC:
        end_paragraph(markdown);
        break;
    case MD_BLOCK_HR:
    case MD_BLOCK_HTML:
    case MD_BLOCK_THEAD:
    case MD_BLOCK_TBODY:
    case MD_BLOCK_TR:
        break;
    }
    return 0;
}

static int
enter_span(MD_SPANTYPE type, void *detail, void *data)
{
    struct markdown *markdown = data;
    enum view_style style = style_now(markdown);
    (void)detail;
    if (type == MD_SPAN_CODE) {
        style = VIEW_CODE;
        if (!markdown->view->color) { // the marks stand for the colour
            flow_add(&markdown->flow, style, "`");
        }
    }
    else if (type == MD_SPAN_STRONG) {
        style = VIEW_STRONG;
    }
    else if (type == MD_SPAN_EM) {
        style = VIEW_EMPHASIS;
    }
    else if (type == MD_SPAN_A) {
        markdown->link_start = markdown->flow.text.length;
    }
    push_style(markdown, style);
    return 0;
}

static int
leave_span(MD_SPANTYPE type, void *detail, void *data)
{
    struct markdown *markdown = data;
    if (type == MD_SPAN_CODE && !markdown->view->color) {
        flow_add(&markdown->flow, VIEW_CODE, "`");
    }
    pop_style(markdown);
    if (type == MD_SPAN_A) {
        const MD_SPAN_A_DETAIL *link = detail;
        const char *text =
            text_string(&markdown->flow.text) + markdown->link_start;
        size_t length = link->href.size;
        if (length > 0 && strncmp(text, link->href.text, length) != 0) {
            flow_add(&markdown->flow, VIEW_DIM, " <");
            flow_add_bytes(&markdown->flow, VIEW_DIM, link->href.text, length);
            flow_add(&markdown->flow, VIEW_DIM, ">");
        }
    }
    return 0;
}

/* What an entity stands for: "&lt;", "&#60;", "&#x3C;". A name that is not
 * known here stays as it is written. */
static void
add_entity(struct flow *flow, enum view_style style, const char *bytes,
           size_t length)
{
    static const struct {
        const char *name, *text;
    } NAMES[] = {{"&amp;", "&"},   {"&lt;", "<"},    {"&gt;", ">"},
                 {"&quot;", "\""}, {"&apos;", "'"},  {"&nbsp;", " "},
                 {"&mdash;", "—"}, {"&ndash;", "–"}, {"&hellip;", "…"},
                 {"&laquo;", "«"}, {"&raquo;", "»"}, {"&rarr;", "→"},
                 {"&larr;", "←"},  {"&times;", "×"}, {"&le;", "≤"},
                 {"&ge;", "≥"},    {"&ne;", "≠"}};
    if (bytes[1] == '#') {
        bool hexadecimal = bytes[2] == 'x' || bytes[2] == 'X';
        long code =
            strtol(bytes + (hexadecimal ? 3 : 2), NULL, hexadecimal ? 16 : 10);
        utf8proc_uint8_t utf8[4];
        bool valid = code > 0 && code <= 0x10FFFF &&
                     utf8proc_codepoint_valid((utf8proc_int32_t)code);
        utf8proc_ssize_t size = utf8proc_encode_char(
            valid ? (utf8proc_int32_t)code : 0xFFFD, utf8);
        // No entity breaks a line: a table's row must stay one.
        flow_add_bytes(flow, style, code == '\n' ? " " : (const char *)utf8,
                       (size_t)size);
        return;
    }
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++) {
        if (strlen(NAMES[i].name) == length &&
            memcmp(NAMES[i].name, bytes, length) == 0) {
            flow_add(flow, style, NAMES[i].text);
            return;
        }
    }
    flow_add_bytes(flow, style, bytes, length);
}

static int
text(MD_TEXTTYPE type, const MD_CHAR *bytes, MD_SIZE length, void *data)
{
    struct markdown *markdown = data;
    if (markdown->in_code) {
        text_add_bytes(&markdown->code, bytes, length);
        return 0;
    }
    enum view_style style = style_now(markdown);
    switch (type) {
    case MD_TEXT_NULLCHAR:
        flow_add(&markdown->flow, style, "\xEF\xBF\xBD");
        break;
    case MD_TEXT_BR:
        flow_add(&markdown->flow, style, "\n");
        break;
    case MD_TEXT_SOFTBR:
        flow_add(&markdown->flow, style, " ");
        break;
    case MD_TEXT_ENTITY:
        add_entity(&markdown->flow, style, bytes, length);
        break;
    case MD_TEXT_NORMAL:
    case MD_TEXT_CODE:
    case MD_TEXT_HTML:
    case MD_TEXT_LATEXMATH:
        flow_add_bytes(&markdown->flow, style, bytes, length);
        break;
    }
    return 0;
}

void
view_markdown(const struct view *view, const char *markdown, int indent)
{
    static const MD_PARSER PARSER = {
        .flags =
            MD_FLAG_TABLES | MD_FLAG_NOHTML | MD_FLAG_NOINDENTEDCODEBLOCKS,
        .enter_block = enter_block,
        .leave_block = leave_block,
        .enter_span = enter_span,
        .leave_span = leave_span,
        .text = text,
    };
    struct markdown state = {.view = view};
    state.containers[0] = (struct container){.indent = indent, .number = -1};
    if (md_parse(markdown, (MD_SIZE)strlen(markdown), &PARSER, &state) != 0) {
        view_paragraph(view, VIEW_PLAIN, indent, "", markdown);
    }
    flow_release(&state.flow);
    text_release(&state.code);
    free(state.cells);
}
