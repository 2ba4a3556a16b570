#include "quiz/core/glossary.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/suggest.h"
#include "quiz/core/words.h"

static bool
is_folded(const char *name, const char *folded)
{
    char *other = words_fold(name, strlen(name));
    bool same = strcmp(other, folded) == 0;
    free(other);
    return same;
}

static bool
is_called(const struct term *term, const char *folded)
{
    bool found = strcmp(term->id, folded) == 0;
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        found = found || is_folded(term->name.in[lang], folded);
        for (size_t i = 0; !found && i < term->also[lang].count; i++) {
            found = is_folded(term->also[lang].items[i], folded);
        }
    }
    return found;
}

const struct term *
glossary_find(const struct glossary *glossary, const char *name)
{
    const struct term *found = NULL;
    char *folded = words_fold(name, strlen(name));
    for (size_t i = 0; found == NULL && i < glossary->count; i++) {
        if (is_called(&glossary->terms[i], folded)) {
            found = &glossary->terms[i];
        }
    }
    free(folded);
    return found;
}

const char *
glossary_suggest(const struct glossary *glossary, const char *name)
{
    struct suggest suggest = suggest_begin(name);
    for (size_t i = 0; i < glossary->count; i++) {
        suggest_offer(&suggest, glossary->terms[i].id);
        for (int lang = 0; lang < LANG_COUNT; lang++) {
            suggest_offer(&suggest, glossary->terms[i].name.in[lang]);
        }
    }
    return suggest.best;
}

/* Whether a byte of folded text belongs to a word. */
static bool
in_word(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || (unsigned char)byte >= 0x80;
}

/* Whether the words of a form stand at the place, each whole or, with a star,
 * as the beginning of one. */
static bool
stands_at(const char *at, const char *form)
{
    while (*form != '\0') {
        if (*form == '*') {
            while (in_word(*at)) {
                at++;
            }
            form++;
        }
        else if (*form == ' ') {
            size_t blank = strspn(at, " \n\t");
            if (blank == 0) {
                return false;
            }
            at += blank;
            form++;
        }
        else if (*at++ != *form++) {
            return false;
        }
    }
    return !in_word(*at);
}

static bool
holds_form(const char *folded, const char *form)
{
    char *wanted = words_fold(form, strlen(form));
    bool found = false;
    for (const char *at = folded; !found && *at != '\0'; at++) {
        found = (at == folded || !in_word(at[-1])) && stands_at(at, wanted);
    }
    free(wanted);
    return found;
}

const char *
glossary_avoided(const struct glossary *glossary, enum lang lang,
                 const char *said, const struct term **term)
{
    const char *found = NULL;
    char *folded = words_fold(said, strlen(said));
    for (size_t i = 0; found == NULL && i < glossary->count; i++) {
        const struct strings *avoid = &glossary->terms[i].avoid[lang];
        for (size_t j = 0; found == NULL && j < avoid->count; j++) {
            if (holds_form(folded, avoid->items[j])) {
                found = avoid->items[j];
                *term = &glossary->terms[i];
            }
        }
    }
    free(folded);
    return found;
}
