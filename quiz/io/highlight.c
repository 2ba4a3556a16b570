#include "quiz/io/highlight.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static const char *const PYTHON[] = {
    "False",  "None",     "True",  "and",    "as",       "assert",
    "async",  "await",    "break", "class",  "continue", "def",
    "del",    "elif",     "else",  "except", "finally",  "for",
    "from",   "global",   "if",    "import", "in",       "is",
    "lambda", "nonlocal", "not",   "or",     "pass",     "raise",
    "return", "try",      "while", "with",   "yield",    NULL};
static const char *const C[] = {
    "break",  "case",    "char",   "const",    "continue", "default",
    "do",     "double",  "else",   "enum",     "extern",   "float",
    "for",    "goto",    "if",     "inline",   "int",      "long",
    "return", "short",   "signed", "sizeof",   "static",   "struct",
    "switch", "typedef", "union",  "unsigned", "void",     "volatile",
    "while",  "bool",    "NULL",   "size_t",   "int64_t",  "true",
    "false",  NULL};
static const char *const NONE[] = {NULL};

struct highlight
highlight_begin(enum code_lang lang)
{
    return (struct highlight){.lang = lang};
}

static bool
starts_with(const char *bytes, size_t length, const char *with)
{
    size_t wanted = strlen(with);
    return length >= wanted && memcmp(bytes, with, wanted) == 0;
}

static bool
is_word(char byte)
{
    return isalnum((unsigned char)byte) != 0 || byte == '_' ||
           (unsigned char)byte >= 0x80;
}

/* Up to and with what ends the open string or comment. */
static size_t
inside(struct highlight *highlight, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\\' && highlight->open_style == VIEW_STRING) {
            i++;
        }
        else if (starts_with(bytes + i, length - i, highlight->open)) {
            i += strlen(highlight->open);
            highlight->open = NULL;
            return i;
        }
    }
    return length;
}

/* The opening mark of a string or comment here, and what ends it. */
static size_t
opening(struct highlight *highlight, const char *bytes, size_t length)
{
    static const struct {
        enum code_lang lang;
        const char *start, *end;
        enum view_style style;
    } MARKS[] = {
        {CODE_PYTHON, "\"\"\"", "\"\"\"", VIEW_STRING},
        {CODE_PYTHON, "'''", "'''", VIEW_STRING},
        {CODE_PYTHON, "#", "\n", VIEW_COMMENT},
        {CODE_SHELL, "#", "\n", VIEW_COMMENT},
        {CODE_C, "//", "\n", VIEW_COMMENT},
        {CODE_C, "/*", "*/", VIEW_COMMENT},
        {CODE_LANG_COUNT, "\"", "\"", VIEW_STRING},
        {CODE_LANG_COUNT, "'", "'", VIEW_STRING},
    };
    for (size_t i = 0; i < sizeof(MARKS) / sizeof(*MARKS); i++) {
        if ((MARKS[i].lang == highlight->lang ||
             MARKS[i].lang == CODE_LANG_COUNT) &&
            starts_with(bytes, length, MARKS[i].start)) {
            highlight->open = MARKS[i].end;
            highlight->open_style = MARKS[i].style;
            return strlen(MARKS[i].start);
        }
    }
    return 0;
}

static bool
is_keyword(enum code_lang lang, const char *bytes, size_t length)
{
    const char *const *words = lang == CODE_PYTHON ? PYTHON
                               : lang == CODE_C    ? C
                                                   : NONE;
    for (; *words != NULL; words++) {
        if (strlen(*words) == length && memcmp(*words, bytes, length) == 0) {
            return true;
        }
    }
    return false;
}

size_t
highlight_next(struct highlight *highlight, const char *bytes, size_t length,
               enum view_style *style)
{
    *style = VIEW_PLAIN;
    if (highlight->lang == CODE_TEXT) {
        return length;
    }
    if (highlight->open != NULL) {
        *style = highlight->open_style;
        return inside(highlight, bytes, length);
    }
    size_t mark = opening(highlight, bytes, length);
    if (mark > 0) {
        *style = highlight->open_style;
        return mark + inside(highlight, bytes + mark, length - mark);
    }
    size_t size = 0;
    while (size < length && is_word(bytes[size])) {
        size++;
    }
    if (size == 0) {
        return 1;
    }
    if (isdigit((unsigned char)bytes[0]) != 0) {
        *style = VIEW_NUMBER;
    }
    else if (is_keyword(highlight->lang, bytes, size)) {
        *style = VIEW_KEYWORD;
    }
    return size;
}

void
highlight_end_line(struct highlight *highlight)
{
    // Only a triple quote and a comment of C go on in the next line.
    if (highlight->open != NULL && strlen(highlight->open) == 1) {
        highlight->open = NULL;
    }
}
