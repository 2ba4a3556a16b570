#include "quiz/io/view.h"

#include <string.h>
#include <utf8proc.h>

#include "quiz/core/width.h"
#include "quiz/io/highlight.h"

/* Select Graphic Rendition (ECMA-48, 8.3.117) of each style. */
static const char *const SGR[VIEW_STYLE_COUNT] = {
    [VIEW_PLAIN] = "",       [VIEW_STRONG] = "1",   [VIEW_DIM] = "2",
    [VIEW_HEADING] = "1;36", [VIEW_RIGHT] = "32",   [VIEW_WRONG] = "31",
    [VIEW_NOTICE] = "33",    [VIEW_CODE] = "36",    [VIEW_KEY] = "1;33",
    [VIEW_KEYWORD] = "35",   [VIEW_STRING] = "32",  [VIEW_COMMENT] = "2",
    [VIEW_NUMBER] = "33",    [VIEW_EMPHASIS] = "3",
};

void
flow_release(struct flow *flow)
{
    text_release(&flow->text);
    text_release(&flow->styles);
}

static void
add_safe(struct flow *flow, enum view_style style, const char *bytes,
         size_t length)
{
    text_add_bytes(&flow->text, bytes, length);
    for (size_t i = 0; i < length; i++) {
        text_add_char(&flow->styles, (char)style);
    }
}

/* Marks that turn the direction of text round, and other invisible ones. */
static bool
is_hidden(utf8proc_int32_t code)
{
    return code == 0x61C || (code >= 0x202A && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0x200E ||
           code == 0x200F || code == 0xFEFF || code == 0x2028 ||
           code == 0x2029;
}

void
flow_add_bytes(struct flow *flow, enum view_style style, const char *bytes,
               size_t length)
{
    for (size_t i = 0; i < length;) {
        utf8proc_int32_t code = -1;
        utf8proc_ssize_t size =
            utf8proc_iterate((const utf8proc_uint8_t *)bytes + i,
                             (utf8proc_ssize_t)(length - i), &code);
        if (size <= 0) {
            add_safe(flow, style, "\xEF\xBF\xBD", 3);
            i++;
            continue;
        }
        if (code == '\t') {
            add_safe(flow, style, "    ", 4);
        }
        else if (code == '\n') {
            add_safe(flow, style, "\n", 1);
        }
        else if (code < 0x20 || (code >= 0x7F && code < 0xA0)) {
            // A control character as its picture: ␛ for escape.
            char picture[4] = {'\xE2', '\x90', (char)(0x80 + code % 32), 0};
            add_safe(flow, style, code < 0x20 ? picture : "\xEF\xBF\xBD", 3);
        }
        else if (!is_hidden(code)) {
            add_safe(flow, style, bytes + i, (size_t)size);
        }
        i += (size_t)size;
    }
}

void
flow_add(struct flow *flow, enum view_style style, const char *text)
{
    flow_add_bytes(flow, style, text, strlen(text));
}

/* What stands for a character on a terminal that knows only ASCII. */
static const char *
ascii_of(const char *cluster, size_t length)
{
    static const struct {
        const char *from, *to;
    } TABLE[] = {{"—", "-"},  {"–", "-"},  {"…", "..."}, {"→", "->"},
                 {"←", "<-"}, {"«", "\""}, {"»", "\""},  {"“", "\""},
                 {"”", "\""}, {"’", "'"},  {"‘", "'"},   {"•", "*"},
                 {"✓", "+"},  {"✗", "x"},  {"─", "-"},   {"│", "|"},
                 {"┌", "+"},  {"┐", "+"},  {"└", "+"},   {"┘", "+"},
                 {"├", "+"},  {"┤", "+"},  {"┬", "+"},   {"┴", "+"},
                 {"┼", "+"},  {"▶", ">"},  {"▼", "v"},   {"█", "#"},
                 {"░", "."},  {"×", "x"},  {"≥", ">="},  {"≤", "<="},
                 {"≠", "!="}, {"·", "."},  {"↪", ">"},   {"▲", "^"}};
    for (size_t i = 0; i < sizeof(TABLE) / sizeof(*TABLE); i++) {
        if (strlen(TABLE[i].from) == length &&
            memcmp(TABLE[i].from, cluster, length) == 0) {
            return TABLE[i].to;
        }
    }
    return "?";
}

/* The length of the cluster at bytes, and the columns that it takes on this
 * terminal. */
static size_t
next_cluster(const struct view *view, const char *bytes, int *columns)
{
    size_t length = width_cluster(bytes, columns);
    if (!view->utf8 && (length > 1 || (unsigned char)*bytes >= 0x80)) {
        *columns = (int)strlen(ascii_of(bytes, length));
    }
    return length;
}

int
view_columns(const struct view *view, const char *text)
{
    int all = 0;
    int columns = 0;
    for (size_t length = 0;
         (length = next_cluster(view, text, &columns)) > 0;) {
        all += columns;
        text += length;
    }
    return all;
}

static void
start_style(const struct view *view, enum view_style style)
{
    if (view->color && style != VIEW_PLAIN) {
        fprintf(view->out, "\033[%sm", SGR[style]);
    }
}

static void
end_style(const struct view *view, enum view_style style)
{
    if (view->color && style != VIEW_PLAIN) {
        fputs("\033[0m", view->out);
    }
}

static void
put_cluster(const struct view *view, const char *cluster, size_t length)
{
    if (view->utf8 || (length == 1 && (unsigned char)*cluster < 0x80)) {
        fwrite(cluster, 1, length, view->out);
    }
    else {
        fputs(ascii_of(cluster, length), view->out);
    }
}

/* Prints the bytes [from, to) of a flow, changing styles as they go. */
static void
put_range(const struct view *view, const struct flow *flow, size_t from,
          size_t to)
{
    const char *bytes = text_string(&flow->text);
    const char *styles = text_string(&flow->styles);
    enum view_style style = VIEW_PLAIN;
    for (size_t i = from; i < to;) {
        int columns = 0;
        size_t length = width_cluster(bytes + i, &columns);
        enum view_style next = (enum view_style)styles[i];
        if (next != style) {
            end_style(view, style);
            start_style(view, next);
            style = next;
        }
        put_cluster(view, bytes + i, length < to - i ? length : to - i);
        i += length;
    }
    end_style(view, style);
}

static void
put_spaces(const struct view *view, int count)
{
    fprintf(view->out, "%*s", count > 0 ? count : 0, "");
}

/* The end of the line that starts at from and may have room columns, and in
 * *next where the following one starts: after a space if there is one, else
 * in the middle of a long word. */
static size_t
line_end(const struct view *view, const struct flow *flow, size_t from,
         int room, size_t *next)
{
    const char *bytes = text_string(&flow->text);
    size_t end = flow->text.length;
    size_t space = 0; // the last one on this line, + 1
    int used = 0;
    for (size_t i = from; i < end;) {
        int columns = 0;
        size_t length = next_cluster(view, bytes + i, &columns);
        if (bytes[i] == '\n') {
            *next = i + 1;
            return i;
        }
        if (bytes[i] == ' ') {
            space = i + 1;
        }
        if (used + columns > room && i > from) {
            if (bytes[i] == ' ') { // the space itself need not fit
                *next = i + 1;
                return i;
            }
            *next = space > from + 1 ? space : i;
            return space > from + 1 ? space - 1 : i;
        }
        used += columns;
        i += length;
    }
    *next = end;
    return end;
}

static size_t
without_spaces(const struct flow *flow, size_t from, size_t to)
{
    while (to > from && text_string(&flow->text)[to - 1] == ' ') {
        to--;
    }
    return to;
}

enum {
    LEAST_ROOM = 8 // columns; what is nested deeper is indented less
};

static int
indent_that_leaves_room(const struct view *view, int indent, int hanging)
{
    int most = view->width - hanging - LEAST_ROOM;
    indent = indent < most ? indent : most;
    return indent > 0 ? indent : 0;
}

void
view_flow(const struct view *view, int indent, const char *first,
          const struct flow *flow)
{
    int label = view_columns(view, first);
    int hanging = label <= view->width / 3 ? label : 2;
    indent =
        indent_that_leaves_room(view, indent, label > 2 ? label : hanging);
    size_t at = 0;
    do {
        size_t next = 0;
        int room = view->width - indent - (at == 0 ? label : hanging);
        room = room < LEAST_ROOM ? LEAST_ROOM : room;
        size_t end =
            flow->text.length > 0 ? line_end(view, flow, at, room, &next) : 0;
        size_t shown = without_spaces(flow, at, end);
        if (at == 0) {
            put_spaces(view, indent);
            for (const char *byte = first; *byte != '\0';) {
                int columns = 0;
                size_t length = width_cluster(byte, &columns);
                put_cluster(view, byte, length);
                byte += length;
            }
        }
        else if (shown > at) {
            put_spaces(view, indent + hanging);
        }
        put_range(view, flow, at, shown);
        fputc('\n', view->out);
        at = next;
    } while (at < flow->text.length);
}

void
view_paragraph(const struct view *view, enum view_style style, int indent,
               const char *first, const char *text)
{
    struct flow flow = {0};
    flow_add(&flow, style, text);
    view_flow(view, indent, first, &flow);
    flow_release(&flow);
}

void
view_styled(const struct view *view, enum view_style style, const char *text)
{
    struct flow flow = {0};
    flow_add(&flow, style, text);
    put_range(view, &flow, 0, flow.text.length);
    flow_release(&flow);
}

/* One line of code: what does not fit goes on behind a mark. */
static void
put_code_line(const struct view *view, const struct flow *line, int indent)
{
    static const char MARK[] = "↪ ";
    indent = indent_that_leaves_room(view, indent, 0);
    int room = view->width - indent;
    room = room < LEAST_ROOM ? LEAST_ROOM : room;
    size_t from = 0;
    do {
        int left = room - (from > 0 ? view_columns(view, MARK) : 0);
        size_t to = from;
        for (int columns = 0; to < line->text.length;) {
            size_t length =
                next_cluster(view, line->text.bytes + to, &columns);
            if (columns > left) {
                break;
            }
            left -= columns;
            to += length;
        }
        put_spaces(view, line->text.length > 0 ? indent : 0);
        if (from > 0) {
            start_style(view, VIEW_DIM);
            put_cluster(view, MARK, sizeof(MARK) - 2);
            fputc(' ', view->out);
            end_style(view, VIEW_DIM);
        }
        put_range(view, line, from, to);
        fputc('\n', view->out);
        from = to;
    } while (from < line->text.length);
}

void
view_code(const struct view *view, const char *code, enum code_lang lang,
          int indent)
{
    struct highlight highlight = highlight_begin(lang);
    for (const char *at = code; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        struct flow line = {0};
        for (size_t i = 0; i < length;) {
            enum view_style style = VIEW_PLAIN;
            size_t size =
                highlight_next(&highlight, at + i, length - i, &style);
            flow_add_bytes(&line, style, at + i, size);
            i += size;
        }
        highlight_end_line(&highlight);
        put_code_line(view, &line, indent);
        flow_release(&line);
        at += length + (at[length] == '\n');
    }
}

void
view_heading(const struct view *view, const char *text)
{
    view_paragraph(view, VIEW_HEADING, 0, "", text);
    view_rule(view);
}

void
view_rule(const struct view *view)
{
    start_style(view, VIEW_DIM);
    for (int i = 0; i < view->width; i++) {
        put_cluster(view, "─", 3);
    }
    end_style(view, VIEW_DIM);
    fputc('\n', view->out);
}

void
view_gap(const struct view *view)
{
    fputc('\n', view->out);
}
