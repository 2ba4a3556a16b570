/* Pattern: one way of saying a thing, looked for in a text.
 *
 *   pattern = slot { " " slot }        all slots within the window
 *   slot    = [ "?" ] alternative { "|" alternative }
 *   alternative = word                 its stem counts: run is runs, running
 *               | prefix "*"           every word that begins so
 *               | "'" word { " " word } "'"   the words in a row
 *               | "@" group            any word or phrase of a synonym group
 *
 * Slots stand in any order unless the pattern is ordered, never share a word,
 * and lie in one sentence (two neighbouring ones if it is across). A slot with
 * "?" need not be there. */
#ifndef QUIZ_CORE_PATTERN_H
#define QUIZ_CORE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "quiz/core/tokens.h"

struct arena;
struct error;
struct pattern;
struct synonyms;

/* A text made ready for many patterns. */
struct haystack;

/* A haystack of tokens; borrows arena, tokens and synonyms (may be NULL). */
struct haystack *haystack_new(struct arena *arena, const struct tokens *tokens,
                              const struct synonyms *synonyms);

/* Adds to every token that no pattern's word knows the nearest word that one
 * knows, if it can be a mistyped one. words: the plain words of all patterns
 * that will be looked for. */
void haystack_mend_typos(struct haystack *haystack, const char *const *words,
                         size_t count);

enum pattern_found {
    PATTERN_MISSING,
    PATTERN_FOUND,
    PATTERN_REVERSED // it is there, but negated
};

/* Looks for the pattern; *first and *last are the tokens of the evidence. */
enum pattern_found pattern_find(struct haystack *haystack,
                                const struct pattern *pattern, size_t *first,
                                size_t *last);

/* Whether the pattern can be read (at most 12 slots, 8 words in a phrase) and
 * its groups exist; without synonyms (NULL) groups are not looked at. 0, or -1
 * with err. */
int pattern_check(const struct pattern *pattern,
                  const struct synonyms *synonyms, struct error *err);

/* Calls visit with every plain word of the pattern and of its groups (a
 * prefix without its star, a phrase word by word). */
void pattern_words(const struct pattern *pattern,
                   const struct synonyms *synonyms,
                   void (*visit)(const char *word, size_t length, void *data),
                   void *data);

#endif
