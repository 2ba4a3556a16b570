/* Words: what people type, made comparable.
 *
 * Everything works on folded text: compatibility form, lower case, ё as е,
 * typographic quotes and dashes as plain ones, stress marks and other
 * invisible ones left out, Latin letters in a Cyrillic word (and the other
 * way round) put right. Broken UTF-8 becomes U+FFFD. */
#ifndef QUIZ_CORE_WORDS_H
#define QUIZ_CORE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* The folded form of length bytes of text; new. */
char *words_fold(const char *text, size_t length);

/* The stem of a folded word (Snowball, English or Russian by its script), in
 * a buffer of room bytes; a word that does not fit is cut. */
void words_stem(const char *word, char *stem, size_t room);

/* How many typing mistakes are forgiven in a folded word of so many letters:
 * none up to 4, one up to 8, two beyond. Words with digits, underscores or
 * other signs must be exact. */
int words_tolerance(const char *word);

/* Whether a typed word can be meant as the wanted one in spite of its typing
 * mistakes; both are folded. Words that are easily confused but mean
 * different things (mutable and immutable) never are. */
bool words_alike(const char *wanted, const char *typed);

/* Whether a typed answer is one of the accepted terms: compared word by word,
 * with typing mistakes and inflection forgiven; articles and punctuation do
 * not count. */
bool words_answer_is(const char *accepted, const char *typed);

/* Releases the stemmers, which are made when first needed. For a tidy end;
 * they are made again afterwards if needed. */
void words_release(void);

#endif
