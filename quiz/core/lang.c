#include "quiz/core/lang.h"

#include <libintl.h>
#include <stdlib.h>
#include <string.h>

static const char *const NAMES[LANG_COUNT] = {"en", "ru"};
static enum lang current = LANG_EN;

const char *
lang_name(enum lang lang)
{
    return NAMES[lang];
}

int
lang_from_name(const char *name, enum lang *lang)
{
    for (int i = 0; i < LANG_COUNT; i++) {
        if (strncmp(name, NAMES[i], 2) == 0 &&
            strchr("_.@:", name[2]) != NULL) { // also the terminator
            *lang = (enum lang)i;
            return 0;
        }
    }
    return -1;
}

void
lang_choose(enum lang lang, const char *catalogue_dir)
{
    if (catalogue_dir != NULL) {
        bindtextdomain("ouro", catalogue_dir);
        bind_textdomain_codeset("ouro", "UTF-8");
        textdomain("ouro");
    }
    current = lang;
    // gettext() caches by this counter; changing it is the documented way
    // to make a new LANGUAGE take effect (gettext manual, 11.2.5).
    extern int _nl_msg_cat_cntr;
    setenv("LANGUAGE", NAMES[lang], 1);
    ++_nl_msg_cat_cntr;
}

enum lang
lang_current(void)
{
    return current;
}

const char *
tr(const char *english)
{
    return current == LANG_EN ? english : gettext(english);
}

const char *
trn(const char *one, const char *many, unsigned long count)
{
    return ngettext(one, many, count);
}

const char *
lang_pick(struct bilingual text)
{
    return text.in[lang_current()];
}
