#include "grader/diagnose.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grader/language.h"

enum {
    TEXT_BYTES = 400,
    EXCERPT_BYTES = 72 // of a line of source
};

/* A mistake, by what gcc says of it: all words of `said` that are there, in
 * this order. The first row that fits is taken. */
struct mistake {
    const char *code;
    const char *said[3];
    const char *hint;
};

static const struct mistake MISTAKES[] = {
    {"missing_semicolon",
     {"expected \xE2\x80\x98;\xE2\x80\x99"},
     SAY_LATER("A semicolon is missing, mostly at the end of the line that is "
               "marked or of the one before it.")},
    {"missing_semicolon",
     {"or \xE2\x80\x98;\xE2\x80\x99 before"},
     SAY_LATER("A semicolon is missing, mostly at the end of the line that is "
               "marked or of the one before it.")},
    {"missing_semicolon",
     {"\xE2\x80\x98,\xE2\x80\x99, \xE2\x80\x98;\xE2\x80\x99"},
     SAY_LATER("A semicolon is missing, mostly at the end of the line that is "
               "marked or of the one before it.")},
    {"semicolon_before_body",
     {"expected identifier or", "before \xE2\x80\x98{"},
     SAY_LATER("There is a semicolon between the head of a function and its "
               "body: remove it.")},
    {"missing_brace",
     {"expected declaration or statement at end of input"},
     SAY_LATER("A closing brace } is missing: count them from the last "
               "function that compiles.")},
    {"extra_brace",
     {"expected identifier or", "before \xE2\x80\x98}"},
     SAY_LATER("There is one closing brace } too many.")},
    {"missing_parenthesis",
     {"expected \xE2\x80\x98)\xE2\x80\x99"},
     SAY_LATER("A closing parenthesis ) is missing.")},
    {"else_without_if",
     {"without a previous \xE2\x80\x98if"},
     SAY_LATER("An else belongs to the if right before it: look for a "
               "semicolon behind the condition, or for missing braces.")},
    {"code_outside_of_function",
     {"expected identifier or", "before"},
     SAY_LATER("This stands outside of any function: a brace } before it may "
               "be one too many.")},
    {"undeclared",
     {"undeclared"},
     SAY_LATER("Nothing of this name is known here: a slip of the pen, a "
               "variable of another block, or a header that is missing.")},
    {"unknown_type",
     {"unknown type name"},
     SAY_LATER("No type has this name: is the word struct before it missing, "
               "or an #include?")},
    {"unknown_function",
     {"implicit declaration of function"},
     SAY_LATER("No function of this name was declared before its use: a slip "
               "of the pen, a missing #include, or a helper that stands "
               "further down.")},
    {"no_such_field",
     {"has no member named"},
     SAY_LATER("The struct has no field of this name: look it up in its "
               "header.")},
    {"arrow_for_dot",
     {"is a pointer; did you mean to use"},
     SAY_LATER("The left side is a pointer: write -> instead of a dot.")},
    {"dot_for_arrow",
     {"invalid type argument of \xE2\x80\x98->"},
     SAY_LATER("The left side is a struct and no pointer: write a dot instead "
               "of ->.")},
    {"not_a_pointer",
     {"invalid type argument of unary"},
     SAY_LATER("A star * takes what a pointer points to, but this is no "
               "pointer.")},
    {"too_few_arguments",
     {"too few arguments"},
     SAY_LATER("The function is called with fewer arguments than it takes.")},
    {"too_many_arguments",
     {"too many arguments"},
     SAY_LATER("The function is called with more arguments than it takes.")},
    {"static_by_mistake",
     {"static declaration of", "follows non-static"},
     SAY_LATER("The header promises this function to everybody, but static "
               "hides it: remove the word static.")},
    {"wrong_signature",
     {"conflicting types for"},
     SAY_LATER("The header declares it otherwise: return type and parameters "
               "must be the same.")},
    {"defined_twice",
     {"redefinition of"},
     SAY_LATER("It is defined twice: remove or rename one of the two.")},
    {"integer_from_pointer",
     {"makes integer from pointer"},
     SAY_LATER("A pointer is used as a number: is a star * or an arrow -> "
               "missing?")},
    {"pointer_from_integer",
     {"makes pointer from integer"},
     SAY_LATER("A number is used as a pointer: is an ampersand & missing, or "
               "was the function never declared?")},
    {"other_pointer",
     {"from incompatible pointer type"},
     SAY_LATER("The two pointers point to different types; of a struct that "
               "begins with another one, pass the address of that field.")},
    {"other_type",
     {"incompatible type"},
     SAY_LATER("The value has another type than is wanted here.")},
    {"const_lost",
     {"discards \xE2\x80\x98"
      "const"},
     SAY_LATER("What may only be read is passed to where it may be written: "
               "add const there, or do not pass it.")},
    {"const_written",
     {"read-only"},
     SAY_LATER("It is const, so it may be read and not written.")},
    {"not_assignable",
     {"lvalue required"},
     SAY_LATER("Only what has a place in memory can be assigned to; for a "
               "comparison write ==.")},
    {"void_value",
     {"void value not ignored"},
     SAY_LATER("The function returns nothing, so its result cannot be used.")},
    {"void_pointer",
     {"void *"},
     SAY_LATER("Nobody knows what a void pointer points to: assign it to a "
               "pointer of the right type first.")},
    {"incomplete_type",
     {"incomplete type"},
     SAY_LATER("The fields of this struct are not known here: include its "
               "header, or use the functions for it.")},
    {"undefined_type",
     {"undefined type"},
     SAY_LATER("The fields of this struct are not known here: include its "
               "header, or use the functions for it.")},
    {"no_return",
     {"control reaches end of non-void"},
     SAY_LATER("The function promises a value, but not every way through it "
               "ends with return.")},
    {"return_without_value",
     {"with no value, in function returning non-void"},
     SAY_LATER("The function promises a value: write it behind return.")},
    {"return_with_value",
     {"with a value, in function returning void"},
     SAY_LATER("The function is void, so return takes no value.")},
    {"not_initialized",
     {"used uninitialized"},
     SAY_LATER("The variable is read before anything was written to it.")},
    {"assignment_as_condition",
     {"assignment used as truth value"},
     SAY_LATER("= assigns; to compare, write ==.")},
    {"no_effect",
     {"no effect"},
     SAY_LATER("The line computes something and throws it away: was an "
               "assignment = meant?")},
    {"unused",
     {"unused"},
     SAY_LATER("Nothing uses it: has the line that should do so been "
               "forgotten?")},
    {"format",
     {"format", "expects"},
     SAY_LATER("The conversion in the format does not fit the type of the "
               "argument.")},
    {"local_returned",
     {"address of local variable"},
     SAY_LATER("The variable is gone when the function returns, so its "
               "address is worth nothing.")},
    {"endless_recursion",
     {"infinite recursion"},
     SAY_LATER("The function calls itself on every way: it needs one that "
               "ends.")},
    {"no_such_header",
     {"No such file or directory"},
     SAY_LATER("There is no such header: compare the name with the #include "
               "lines of the starter.")},
    {"unfinished_text",
     {"missing terminating"},
     SAY_LATER("A text has no closing quotation mark on its line.")},
    {"strange_character",
     {"stray"},
     SAY_LATER("This character does not belong into C: it often comes from "
               "text that was copied from a page.")},
    {"not_called",
     {"called object"},
     SAY_LATER("This is no function: is an operator missing before the "
               "parenthesis?")},
    {"not_an_array",
     {"subscripted value is neither"},
     SAY_LATER("Only arrays and pointers have elements [ ].")},
    {"not_in_a_loop",
     {"not within"},
     SAY_LATER("break and continue work inside of a loop only: look at the "
               "braces.")},
    {"wrong_operands",
     {"invalid operands"},
     SAY_LATER("These two types cannot be combined so: compare the fields, "
               "not the structs.")},
    {"no_parameter_name",
     {"expected", "before"},
     SAY_LATER("Something is missing or too many right before the mark.")},
};

static const struct mistake *
find_mistake(const char *text)
{
    for (size_t i = 0; i < sizeof(MISTAKES) / sizeof(*MISTAKES); i++) {
        const char *at = text;
        for (size_t word = 0;
             word < 3 && at != NULL && MISTAKES[i].said[word] != NULL;
             word++) {
            at = strstr(at, MISTAKES[i].said[word]);
            at = at != NULL ? at + strlen(MISTAKES[i].said[word]) : NULL;
        }
        if (at != NULL) {
            return &MISTAKES[i];
        }
    }
    return NULL;
}

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
    const struct mistake *mistake = find_mistake(text);
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

/* "FILE:LINE: Error: TEXT": what the assembler says of a statement. Inside of
 * a function it names the source, as the compiler has told it to; outside of
 * all it only counts its own lines. False when it is no such line. */
static bool
add_assembler_line(const struct context *context, const char *line)
{
    static const char OWN[] = "learner.c:";
    static const char *const KINDS[] = {": Error: ", ": Warning: "};
    for (int kind = 0; kind < 2; kind++) {
        const char *text = strstr(line, KINDS[kind]);
        if (text == NULL) {
            continue;
        }
        bool is_own = strncmp(line, OWN, sizeof(OWN) - 1) == 0;
        long number = is_own ? strtol(line + sizeof(OWN) - 1, NULL, 10) : 0;
        struct buffer said = {0};
        number = number > 0 && number < 1 << 24 ? number : 0;
        buffer_format(&said, "%s",
                      number > 0
                          ? say("in an asm statement: ")
                          : say("in an asm outside of all functions: "));
        buffer_format(&said, "%s", text + strlen(KINDS[kind]));
        add_message(context, (int)number,
                    first_column(context->source, (int)number), kind == 0,
                    buffer_string(&said));
        buffer_release(&said);
        return true;
    }
    // The heading of its messages.
    return strstr(line, ": Assembler messages:") != NULL;
}

/* What a compiler says that has died of its own fault, to those who made it.
 */
static bool
is_for_the_makers(const char *line)
{
    static const char *const BEGINNINGS[] = {"libbacktrace ",
                                             "Please submit a full bug report",
                                             "See <file:", "See <http"};
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

/* The objects of an array whose text begins behind its bracket, and in how
 * many bytes. NULL when it does not come to an end, unless that may be: who
 * says too much is cut off. */
static json_t *
read_objects(const char *text, size_t length, bool may_be_cut, size_t *used)
{
    json_t *objects = json_array();
    size_t at = 0;
    while (at < length && text[at] != ']') {
        json_error_t error;
        json_t *object =
            json_loadb(text + at, length - at, JSON_DISABLE_EOF_CHECK, &error);
        if (!json_is_object(object)) {
            json_decref(object);
            break;
        }
        json_array_append_new(objects, object);
        at += (size_t)error.position;
        at += at < length && text[at] == ',';
    }
    bool is_whole = at < length && text[at] == ']';
    *used = is_whole ? at + 1 : length;
    if (!is_whole && (!may_be_cut || json_array_size(objects) == 0)) {
        json_decref(objects);
        objects = NULL;
    }
    return objects;
}

/* Takes the compiler's diagnostics, an array that begins a line, out of what
 * was said; the assembler may have spoken before. NULL when there is none. */
static json_t *
take_array(struct buffer *said, bool may_be_cut)
{
    int tries = 4; // a file may have lines of its own said
    for (size_t at = 0; at < said->length && tries > 0; at++) {
        if (said->bytes[at] != '[' ||
            (at > 0 && said->bytes[at - 1] != '\n')) {
            continue;
        }
        size_t used = 0;
        json_t *array = read_objects(said->bytes + at + 1,
                                     said->length - at - 1, may_be_cut, &used);
        if (array != NULL) {
            size_t end = at + 1 + used;
            memmove(said->bytes + at, said->bytes + end,
                    said->length - end + 1);
            said->length -= end - at;
            return array;
        }
        tries--;
    }
    return NULL;
}

/* What was said, as it can be parsed. gcc quotes the source byte by byte, also
 * what is no letter, and writes a zero byte as no JSON has it. */
static void
add_readable(struct buffer *readable, const struct buffer *said)
{
    buffer_add_clean(readable, buffer_string(said), said->length,
                     4 * said->length + 16);
    for (size_t i = 0; i + 1 < readable->length; i++) {
        char *at = readable->bytes + i;
        if (at[0] == '\\' && (at[1] == 'x' || at[1] == '0')) {
            at[0] = '?';
        }
        i += at[0] == '\\';
    }
}

/* The compiler's diagnostics, or NULL, and what else was said. */
static json_t *
cut_array(struct buffer *rest, const struct buffer *said)
{
    buffer_add(rest, buffer_string(said), said->length);
    json_t *array = take_array(rest, false);
    for (int cut = 0; cut < 2 && array == NULL; cut++) {
        struct buffer readable = {0};
        add_readable(&readable, said);
        array = take_array(&readable, cut == 1);
        if (array != NULL) {
            buffer_release(rest);
            *rest = readable;
            return array;
        }
        buffer_release(&readable);
    }
    return array;
}

void
diagnose(struct messages *messages, const struct buffer *said,
         const struct buffer *source, const struct manifest *manifest)
{
    const struct context context = {messages, source, manifest};
    struct buffer rest = {0};
    json_t *array = cut_array(&rest, said);
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
