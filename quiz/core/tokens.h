/* Tokens: a text cut into words, with what each word can be known by.
 *
 * Names of the field stay whole: __del__, ob_refcnt, gc.collect(), O(1), 3.13,
 * +=, is-not compounds (which are also known by their parts). A sentence ends
 * at . ! ? ; and at a newline that begins a new thought; a clause also at a
 * comma, a colon, a dash, a bracket and before words like "but" and "хотя".
 *
 * Negation follows NegEx (Chapman et al., 2001): trigger words, less the
 * pseudo-negations ("not only"), act up to the end of their clause. */
#ifndef QUIZ_CORE_TOKENS_H
#define QUIZ_CORE_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum {
    TOKEN_KEYS = 10
};

enum token_negation {
    TOKEN_PLAIN,
    TOKEN_NEGATES,      // not, never, without; не, нет, без
    TOKEN_NEGATES_ALSO, // ни, никогда: one negation together with a "не"
    TOKEN_DENIES_BEFORE // false, a myth; неверно, миф: what came before, and a
                        // claim that follows with "that", "что"
};

struct token {
    size_t from, to;              // bytes of the text
    const char *word;             // folded
    const char *keys[TOKEN_KEYS]; // word, stem, parts and their stems, the
                                  // usual spelling; NULL after the last
    int sentence, clause;
    enum token_negation negation;
    bool is_function; // a word of grammar: article, preposition, auxiliary
};

struct tokens {
    const struct token *items; // borrowed from the arena
    size_t count;
    int relations; // arrows, equals signs, semicolons: notes that say
                   // something
};

/* Cuts the first length bytes of text up. */
struct tokens tokens_of(struct arena *arena, const char *text, size_t length);

/* Adds a key to a token of tokens_of() that has room for it; key must live as
 * long as the tokens. */
void token_add_key(struct token *token, const char *key);
bool token_has_key(const struct token *token, const char *key);

#endif
