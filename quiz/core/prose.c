#include "quiz/core/prose.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/xalloc.h"

static void
add_code(struct prose *prose, const char *bytes, size_t length)
{
    struct text code = {0};
    for (size_t i = 0; i < length; i++) {
        bool blank = isspace((unsigned char)bytes[i]) != 0;
        bool last = code.length > 0 && code.bytes[code.length - 1] == ' ';
        if (!blank) {
            text_add_char(&code, bytes[i]);
        }
        else if (code.length > 0 && !last) {
            text_add_char(&code, ' ');
        }
    }
    if (code.length > 0 && code.bytes[code.length - 1] == ' ') {
        text_truncate(&code, code.length - 1);
    }
    prose->codes = xreallocarray(prose->codes, prose->code_count + 1,
                                 sizeof(*prose->codes));
    prose->codes[prose->code_count++] = text_steal(&code);
    text_add_char(&prose->said, '`');
}

/* The end of the span that a run of count backticks begins at from, where the
 * text of the span starts; NULL if it is never closed. */
static const char *
span_end(const char *from, size_t count)
{
    for (const char *at = from; (at = strchr(at, '`')) != NULL;) {
        size_t run = strspn(at, "`");
        if (run == count) {
            return at;
        }
        at += run;
    }
    return NULL;
}

static bool
is_fence(const char *line)
{
    const char *at = line + strspn(line, " ");
    return strncmp(at, "```", 3) == 0 || strncmp(at, "~~~", 3) == 0;
}

/* The lines of a block of code, from a fence to the next one. Returns what
 * comes after it. */
static const char *
take_fence(struct prose *prose, const char *line)
{
    const char *from = line + strcspn(line, "\n");
    const char *end = from;
    while (*end == '\n' && !is_fence(end + 1)) {
        end += 1 + strcspn(end + 1, "\n");
    }
    add_code(prose, from, (size_t)(end - from));
    if (*end == '\n') {
        end += 1 + strcspn(end + 1, "\n");
    }
    return end;
}

/* The lines that are set in by four blanks. */
static const char *
take_indented(struct prose *prose, const char *line)
{
    const char *end = line;
    while (strncmp(end, "    ", 4) == 0) {
        end += strcspn(end, "\n");
        end += *end == '\n' && strncmp(end + 1, "    ", 4) == 0;
    }
    add_code(prose, line, (size_t)(end - line));
    return end;
}

/* A span or a gap at the place, or one byte of text. Returns what comes after
 * it. */
static const char *
take_inline(struct prose *prose, const char *at)
{
    size_t run = strspn(at, "`");
    const char *end = run > 0 ? span_end(at + run, run) : NULL;
    if (end != NULL) {
        add_code(prose, at + run, (size_t)(end - at) - run);
        return end + run;
    }
    end = strncmp(at, "{{", 2) == 0 ? strstr(at, "}}") : NULL;
    if (end != NULL) {
        add_code(prose, at, (size_t)(end + 2 - at));
        return end + 2;
    }
    text_add_bytes(&prose->said, at, run > 0 ? run : 1);
    return at + (run > 0 ? run : 1);
}

void
prose_init(struct prose *prose, const char *markdown)
{
    bool line_starts = true;
    bool after_blank = true;
    *prose = (struct prose){0};
    for (const char *at = markdown; *at != '\0';) {
        if (line_starts && is_fence(at)) {
            at = take_fence(prose, at);
        }
        else if (line_starts && after_blank && strncmp(at, "    ", 4) == 0) {
            at = take_indented(prose, at);
        }
        else {
            after_blank = line_starts && *at == '\n';
            line_starts = *at == '\n';
            at = take_inline(prose, at);
            continue;
        }
        line_starts = after_blank = false;
    }
}

void
prose_release(struct prose *prose)
{
    for (size_t i = 0; i < prose->code_count; i++) {
        free(prose->codes[i]);
    }
    free(prose->codes);
    text_release(&prose->said);
    *prose = (struct prose){0};
}

/* Something that is read: a letter of any script, a digit, code. */
static bool
is_word_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '`' ||
           ((unsigned char)byte >= 0xC3 && (unsigned char)byte != 0xE2) ||
           byte == '_';
}

struct word_counts {
    size_t words, longest;
};

static struct word_counts
count_words(const char *said)
{
    struct word_counts counts = {0};
    size_t sentence = 0;
    for (const char *at = said + strspn(said, " \n\t"); *at != '\0';) {
        size_t length = strcspn(at, " \n\t");
        bool word = false;
        for (size_t i = 0; i < length; i++) {
            word |= is_word_byte(at[i]);
        }
        counts.words += word;
        sentence += word;
        counts.longest = sentence > counts.longest ? sentence : counts.longest;
        if (strchr(".!?:;", at[length - 1]) != NULL) {
            sentence = 0;
        }
        at += length;
        size_t blank = strspn(at, " \n\t");
        const char *newline = memchr(at, '\n', blank);
        if (newline != NULL &&
            memchr(newline + 1, '\n', blank - (size_t)(newline + 1 - at)) !=
                NULL) {
            sentence = 0; // a new paragraph
        }
        at += blank;
    }
    return counts;
}

size_t
prose_words(const struct prose *prose)
{
    return count_words(text_string(&prose->said)).words;
}

size_t
prose_longest_sentence(const struct prose *prose)
{
    return count_words(text_string(&prose->said)).longest;
}
