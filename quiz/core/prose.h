/* Prose: a Markdown text parted into what is said and what is code. */
#ifndef QUIZ_CORE_PROSE_H
#define QUIZ_CORE_PROSE_H

#include <stddef.h>

#include "quiz/core/text.h"

struct prose {
    struct text said; // the text; a '`' stands for each piece of code
    char **codes;     // spans and blocks, blank space in them made one blank
    size_t code_count;
};

/* Parts a text; give it back with prose_release(). Gaps ({{name}}) count as
 * code. A code span that is never closed is text. */
void prose_init(struct prose *prose, const char *markdown);
void prose_release(struct prose *prose); // a zeroed one is fine

/* How many words are said; a piece of code is one. */
size_t prose_words(const struct prose *prose);

/* The words of the longest sentence. */
size_t prose_longest_sentence(const struct prose *prose);

#endif
