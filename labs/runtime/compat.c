#include "labs/runtime/compat.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    OLDEST = 11,
    NEWEST = 15,
    USUAL = 12,
    LAST_RELEASE = 999
};

struct release {
    int minor, micro;
};

/* The release that RT_COMPAT says, with a minor of 0 if it says none. */
static struct release
read_release(void)
{
    struct release release = {.micro = LAST_RELEASE};
    const char *text = getenv("RT_COMPAT");
    int end = 0;
    if (text == NULL) {
        return (struct release){0};
    }
    if (sscanf(text, "3.%2d%n.%3d%n", &release.minor, &end, &release.micro,
               &end) < 1 ||
        text[end] != '\0' || release.minor < OLDEST ||
        release.minor > NEWEST || release.micro < 0) {
        return (struct release){0};
    }
    return release;
}

static __attribute__((noinline)) struct release
wanted(void)
{
    static struct release release = {.minor = -1}; // not read yet
    if (release.minor < 0) {
        release = read_release();
    }
    return release;
}

int
rt_compat_minor(void)
{
    int minor = wanted().minor;
    return minor != 0 ? minor : USUAL;
}

bool
rt_compat_is_before(int minor, int micro)
{
    int wanted_minor = rt_compat_minor();
    return wanted_minor < minor ||
           (wanted_minor == minor && wanted().minor != 0 &&
            wanted().micro < micro);
}

bool
rt_compat_has_immortal_strings(void)
{
    return wanted().minor == USUAL;
}
