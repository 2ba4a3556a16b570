/* Lang: the two languages, and interface text in the chosen one.
 *
 * The chosen language is one of the two mutable globals of the program. */
#ifndef QUIZ_CORE_LANG_H
#define QUIZ_CORE_LANG_H

enum lang {
    LANG_EN,
    LANG_RU,
    LANG_COUNT
};

/* "en" or "ru"; the name by which files and options call it. */
const char *lang_name(enum lang lang);

/* 0 and the language of a name ("ru", also "ru_RU.UTF-8"), or -1. */
int lang_from_name(const char *name, enum lang *lang);

/* Chooses the language of tr(). May be called at any time; catalogue_dir
 * (where ru/LC_MESSAGES/ouro.mo is) is remembered from the first call that
 * names one, NULL later. Needs setlocale() to have been called. */
void lang_choose(enum lang lang, const char *catalogue_dir);
enum lang lang_current(void);

/* The interface text in the chosen language; borrowed for ever. */
const char *tr(const char *english) __attribute__((format_arg(1)));

/* The form for count things: trn("%d card", "%d cards", count). */
const char *trn(const char *one, const char *many, unsigned long count)
    __attribute__((format_arg(1), format_arg(2)));

/* Marks a string of a constant table for translation; translate it with
 * tr() where it is shown. */
#define TR_LATER(english) english

/* A text in both languages; borrowed from whoever holds it. Either both are
 * there or none is. */
struct bilingual {
    const char *in[LANG_COUNT];
};

/* The text in the chosen language. */
const char *lang_pick(struct bilingual text);

#endif
