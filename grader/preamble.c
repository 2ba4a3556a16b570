#include "grader/preamble.h"

#include <string.h>

static bool
holds(const char *at, const char *end, const char *word)
{
    return memmem(at, (size_t)(end - at), word, strlen(word)) != NULL;
}

static const char *
skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    return at;
}

static bool
begins(const char *at, const char *end, const char *word)
{
    size_t length = strlen(word);
    return (size_t)(end - at) >= length && memcmp(at, word, length) == 0;
}

/* Behind a word, or NULL. */
static const char *
skip_word(const char *at, const char *end, const char *word)
{
    at = skip_blanks(at, end);
    return begins(at, end, word) ? at + strlen(word) : NULL;
}

/* Behind <...>, or "labs/...", which no file beside the learner's is; or NULL.
 */
static const char *
skip_name(const char *at, const char *end)
{
    at = skip_blanks(at, end);
    char last = begins(at, end, "<") ? '>' : '"';
    if (last == '"' && !begins(at, end, "\"labs/")) {
        return NULL;
    }
    const char *close = memchr(at + 1, last, (size_t)(end - at) - 1);
    return close != NULL ? close + 1 : NULL;
}

/* Behind what the line has before its end, but for a comment up to there; at
 * the line's end when there is nothing else. */
static const char *
skip_to_end(const char *at, const char *end)
{
    at = skip_blanks(at, end);
    if (begins(at, end, "//")) {
        return end;
    }
    return begins(at, end, "\n") || begins(at, end, "\r\n") ? end : at;
}

/* The line's end when it includes a header and does nothing else; or NULL. */
static const char *
skip_include(const char *at, const char *end)
{
    at = skip_word(at, end, "#");
    at = at != NULL ? skip_word(at, end, "include") : NULL;
    at = at != NULL ? skip_name(at, end) : NULL;
    return at != NULL && skip_to_end(at, end) == end ? end : NULL;
}

/* Behind comments and empty lines. */
static const char *
skip_comments(const char *at, const char *end)
{
    for (const char *before = NULL; before != at;) {
        before = at;
        at = skip_blanks(at, end);
        if (begins(at, end, "/*")) {
            const char *close =
                memmem(at + 2, (size_t)(end - at) - 2, "*/", 2);
            at = close != NULL ? close + 2 : end;
        }
        else if (begins(at, end, "//")) {
            const char *newline = memchr(at, '\n', (size_t)(end - at));
            at = newline != NULL ? newline + 1 : end;
        }
        else if (begins(at, end, "\n") || begins(at, end, "\r\n")) {
            at += *at == '\r' ? 2 : 1;
        }
    }
    return at;
}

static int
count_lines(const char *at, const char *end)
{
    int lines = 0;
    for (; at < end; at++) {
        lines += *at == '\n';
    }
    return lines;
}

struct preamble
preamble_of(const char *text, size_t length)
{
    const char *end = text + length;
    const char *last = text; // behind the last header
    for (const char *at = text; at < end;) {
        at = skip_comments(at, end);
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next =
            newline != NULL ? skip_include(at, newline + 1) : NULL;
        if (next == NULL) {
            break;
        }
        at = last = next;
    }
    // Where lines are joined, none of this need be true.
    if (holds(text, last, "\\") || holds(text, last, "?\?/")) {
        last = text;
    }
    return (struct preamble){.bytes = (size_t)(last - text),
                             .lines = count_lines(text, last)};
}

bool
preamble_may_cut(const char *text, size_t length)
{
    static const char *const ASKS[] = {"__INCLUDE_LEVEL__", "__TIMESTAMP__",
                                       "include_next", "pragma", "_Pragma"};
    const char *end = text + length;
    for (size_t i = 0; i < sizeof(ASKS) / sizeof(*ASKS); i++) {
        if (holds(text, end, ASKS[i])) {
            return false;
        }
    }
    return !begins(text, end, "\xEF\xBB\xBF"); // only heeded at the very start
}
