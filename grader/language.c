#include "grader/language.h"

#include <stddef.h>

static const char *(*lookup)(const char *english);

void
language_set(const char *(*translate)(const char *english))
{
    lookup = translate;
}

const char *
say(const char *english)
{
    return lookup != NULL ? lookup(english) : english;
}
