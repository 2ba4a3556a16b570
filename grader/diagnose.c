#include "grader/diagnose.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "grader/gcc_json.h"
#include "grader/language.h"
#include "grader/mistake.h"

enum {
    TEXT_BYTES = 400,
    EXCERPT_BYTES = 72 // of a line of source
};

// --- source ----------------------------------------------------------------

/* A line of the source, 1-based; its length without the line's end. */
static const char *
line_of(const struct buffer *source, int number, size_t *length)
{
    const char *at = buffer_string(source);
    const char *end = at + source->length;
    for (int line = 1; line < number; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL) {
            return NULL;
        }
        at = newline + 1;
    }
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    *length = (size_t)((newline != NULL ? newline : end) - at);
    return at;
}

static bool
continues(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* The line and a caret below a column (in bytes, 1-based), cut to what is near
 * the caret. A tab becomes a space. */
static void
add_excerpt(struct buffer *excerpt, const struct buffer *source, int line,
            int column)
{
    size_t length = 0;
    const char *text = line > 0 ? line_of(source, line, &length) : NULL;
    if (text == NULL || column < 1 || (size_t)column > length + 1) {
        return;
    }
    size_t caret = (size_t)column - 1;
    size_t from = caret > EXCERPT_BYTES - 8 ? caret - EXCERPT_BYTES / 2 : 0;
    while (from > 0 && continues(text[from])) {
        from--;
    }
    size_t shown =
        length - from < EXCERPT_BYTES ? length - from : (size_t)EXCERPT_BYTES;
    struct buffer plain = {0};
    for (size_t i = 0; i < shown; i++) {
        char byte = text[from + i];
        buffer_add(&plain, byte == '\t' ? " " : &byte, 1);
    }
    buffer_add_clean(excerpt, buffer_string(&plain), plain.length, 400);
    buffer_add(excerpt, "\n", 1);
    buffer_release(&plain);
    // What buffer_add_clean() writes out is as wide as what it is for, except
    // for control characters, of which only the tab is common.
    for (size_t i = from; i < caret; i++) {
        if (!continues(text[i])) {
            buffer_add(excerpt, " ", 1);
        }
    }
    buffer_add(excerpt, "^", 1);
}

// --- messages --------------------------------------------------------------

static void
free_text(const char *text)
{
    union {
        const char *given;
        char *owned;
    } both = {.given = text};
    free(both.owned);
}

void
messages_release(struct messages *messages)
{
    for (size_t i = 0; i < messages->count; i++) {
        free_text(messages->items[i].text);
        free_text(messages->items[i].hint);
        free_text(messages->items[i].excerpt);
    }
    *messages = (struct messages){0};
}

/* The prototype that a message "conflicting types for ‘f’; ..." is about, or
 * NULL. */
static const char *
prototype_in(const char *text, const struct manifest *manifest)
{
    static const char OPEN[] = "\xE2\x80\x98";
    static const char CLOSE[] = "\xE2\x80\x99";
    const char *name = strstr(text, OPEN);
    const char *end = name != NULL ? strstr(name, CLOSE) : NULL;
    for (size_t i = 0; end != NULL && i < manifest->prototype_count; i++) {
        size_t length = (size_t)(end - name) - (sizeof(OPEN) - 1);
        const char *own = manifest->prototypes[i].name;
        if (strlen(own) == length &&
            memcmp(own, name + sizeof(OPEN) - 1, length) == 0) {
            return manifest->prototypes[i].text;
        }
    }
    return NULL;
}

static void
add_hint(struct buffer *hint, const char *text, const struct mistake *mistake,
         const struct manifest *manifest)
{
    const char *prototype =
        strcmp(mistake->code, "wrong_signature") == 0 ||
                strcmp(mistake->code, "static_by_mistake") == 0
            ? prototype_in(text, manifest)
            : NULL;
    buffer_format(hint, "%s", say(mistake->hint));
    if (prototype != NULL) {
        buffer_format(hint, say(" Expected: %s"), prototype);
    }
}

/* What all messages of a compilation share. */
struct context {
    struct messages *messages;
    const struct buffer *source;
    const struct manifest *manifest;
};

static char *
taken(struct buffer *buffer)
{
    return buffer->bytes != NULL ? buffer->bytes : strdup("");
}

static void
add_message(const struct context *context, int line, int column, bool is_error,
            const char *text)
{
    struct messages *messages = context->messages;
    struct buffer clean = {0};
    struct buffer hint = {0};
    struct buffer excerpt = {0};
    const struct mistake *mistake = mistake_find(text);
    if (messages->count == DIAGNOSE_MESSAGES) {
        return;
    }
    messages->has_error |= is_error;
    buffer_add_clean(&clean, text, strlen(text), TEXT_BYTES);
    if (mistake != NULL) {
        add_hint(&hint, text, mistake, context->manifest);
    }
    add_excerpt(&excerpt, context->source, line, column);
    messages->items[messages->count++] =
        (struct grade_message){.line = line,
                               .column = column,
                               .is_error = is_error,
                               .code = mistake != NULL ? mistake->code : "",
                               .text = taken(&clean),
                               .hint = taken(&hint),
                               .excerpt = taken(&excerpt)};
}

/* A number of gcc's JSON that can be a line or a column, or 0. */
static int
number_of(const json_t *caret, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(caret, key));
    return number > 0 && number < 1 << 24 ? (int)number : 0;
}

/* Whether a message is one of those that explain the others: an error, or that
 * a text has no end, which gcc warns of and then stumbles over. */
static bool
matters(const char *kind, const char *text)
{
    return strcmp(kind, "warning") != 0 ||
           strstr(text, "missing terminating") != NULL;
}

/* One diagnostic of gcc's JSON, if it matters or just if it does not. Those in
 * headers of ours are told by their text alone. */
static void
add_diagnostic(const struct context *context, const json_t *diagnostic,
               bool that_matter)
{
    const char *kind = json_string_value(json_object_get(diagnostic, "kind"));
    const char *text =
        json_string_value(json_object_get(diagnostic, "message"));
    const json_t *caret = json_object_get(
        json_array_get(json_object_get(diagnostic, "locations"), 0), "caret");
    const char *file = json_string_value(json_object_get(caret, "file"));
    bool own = file != NULL && strcmp(file, "learner.c") == 0;
    if (kind == NULL || text == NULL || strcmp(kind, "note") == 0 ||
        matters(kind, text) != that_matter) {
        return;
    }
    add_message(context, own ? number_of(caret, "line") : 0,
                own ? number_of(caret, "byte-column") : 0,
                strcmp(kind, "warning") != 0, text);
}

/* All of gcc's, and those that it has put behind another one: an error may be
 * found below a warning. */
static void
add_diagnostics(const struct context *context, const json_t *array,
                bool that_matter)
{
    size_t index = 0;
    const json_t *diagnostic = NULL;
    json_array_foreach(array, index, diagnostic)
    {
        const json_t *children = json_object_get(diagnostic, "children");
        size_t below = 0;
        const json_t *child = NULL;
        add_diagnostic(context, diagnostic, that_matter);
        json_array_foreach(children, below, child)
        {
            add_diagnostic(context, child, that_matter);
        }
    }
}

/* Where a line of the source begins to say something, 1-based. */
static int
first_column(const struct buffer *source, int number)
{
    size_t length = 0;
    const char *line = number > 0 ? line_of(source, number, &length) : NULL;
    size_t blank = line != NULL ? strspn(line, " \t") : 0;
    return blank < length ? (int)blank + 1 : 1;
}

static bool
is_there(const struct buffer *source, long line)
{
    size_t length = 0;
    return line > 0 && line < 1 << 24 &&
           line_of(source, (int)line, &length) != NULL;
}

/* "FILE:LINE: Error: TEXT": what the assembler says of a statement. Inside of
 * a function it names the source, as the compiler has told it to; outside of
 * all it only counts its own lines. False when it is no such line. */
static bool
add_assembler_line(const struct context *context, const char *line)
{
    static const char OWN[] = "learner.c:";
    static const char *const KINDS[] = {
        ": Warning: ", ": Error: ", ": Fatal error: "};
    for (int kind = 0; kind < 3; kind++) {
        const char *text = strstr(line, KINDS[kind]);
        if (text == NULL) {
            continue;
        }
        bool is_own = strncmp(line, OWN, sizeof(OWN) - 1) == 0;
        long number = is_own ? strtol(line + sizeof(OWN) - 1, NULL, 10) : 0;
        struct buffer said = {0};
        number = is_there(context->source, number) ? number : 0;
        buffer_format(&said, "%s",
                      number > 0
                          ? say("in an asm statement: ")
                          : say("in an asm outside of all functions: "));
        buffer_format(&said, "%s", text + strlen(KINDS[kind]));
        add_message(context, (int)number,
                    first_column(context->source, (int)number), kind > 0,
                    buffer_string(&said));
        buffer_release(&said);
        return true;
    }
    // The heading of its messages, and how it came there.
    return strstr(line, ": Assembler messages:") != NULL ||
           strstr(line, "  Info: ") != NULL;
}

/* What a compiler says that has died of its own fault, to those who made it;
 * and the beginning of a list of messages that was cut off. */
static bool
is_for_the_makers(const char *line)
{
    static const char *const BEGINNINGS[] = {
        "libbacktrace ", "Please submit a full bug report",
        "See <file:", "See <http", "[{\"kind\""};
    for (size_t i = 0; i < sizeof(BEGINNINGS) / sizeof(*BEGINNINGS); i++) {
        if (strncmp(line, BEGINNINGS[i], strlen(BEGINNINGS[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* What the assembler, the linker or a dying compiler said: lines. */
static void
add_lines(const struct context *context, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        char *line = length > 0 ? strndup(text, length) : NULL;
        if (line != NULL && !add_assembler_line(context, line) &&
            !is_for_the_makers(line)) {
            add_message(context, 0, 0, true, line);
        }
        free(line);
        text += length + (text[length] == '\n');
    }
}

void
diagnose(struct messages *messages, const struct buffer *said,
         const struct buffer *source, const struct manifest *manifest)
{
    const struct context context = {messages, source, manifest};
    struct buffer rest = {0};
    json_t *array = gcc_json_cut(&rest, said);
    *messages = (struct messages){0};
    for (int first = 1; first >= 0; first--) {
        add_diagnostics(&context, array, first == 1);
        if (first == 1) {
            add_lines(&context, buffer_string(&rest));
        }
    }
    json_decref(array);
    buffer_release(&rest);
}
