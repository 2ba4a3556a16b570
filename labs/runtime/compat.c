#include "labs/runtime/compat.h"

#include <stdlib.h>
#include <string.h>

/* What RT_COMPAT says: 11 to 15, or 0. */
static __attribute__((noinline)) int
wanted_minor(void)
{
    static int minor = -1; // not read yet
    if (minor < 0) {
        const char *text = getenv("RT_COMPAT");
        bool fits = text != NULL && strncmp(text, "3.1", 3) == 0 &&
                    text[3] >= '1' && text[3] <= '5' && text[4] == '\0';
        minor = fits ? 10 + text[3] - '0' : 0;
    }
    return minor;
}

int
rt_compat_minor(void)
{
    int minor = wanted_minor();
    return minor != 0 ? minor : 12;
}

bool
rt_compat_has_immortal_strings(void)
{
    return wanted_minor() == 12;
}
