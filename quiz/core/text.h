/* Text: a string that grows. The one string builder of the quiz.
 *
 * `struct text t = {0};` is an empty text. bytes is always terminated once
 * something was added; out of memory ends the quiz. */
#ifndef QUIZ_CORE_TEXT_H
#define QUIZ_CORE_TEXT_H

#include <stddef.h>

struct text {
    char *bytes;     // NULL while nothing was added
    size_t length;   // in bytes, without the terminator
    size_t capacity; // private
};

void text_release(struct text *text); // a zeroed one is fine

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_add_char(struct text *text, char byte);
void text_add_format(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Cuts the text down to length bytes. */
void text_truncate(struct text *text, size_t length);

/* The string so far, "" if empty; borrowed until the next change. */
const char *text_string(const struct text *text);

/* The string, new (free() it); text is empty afterwards. Never NULL. */
char *text_steal(struct text *text);

#endif
