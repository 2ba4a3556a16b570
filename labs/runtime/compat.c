#include "labs/runtime/compat.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int
rt_compat_minor(void)
{
    static int minor; // 0: not read yet
    if (minor == 0) {
        const char *text = getenv("RT_COMPAT");
        bool fits = text != NULL && strncmp(text, "3.1", 3) == 0 &&
                    text[3] >= '1' && text[3] <= '5' && text[4] == '\0';
        minor = fits ? 10 + text[3] - '0' : 12;
    }
    return minor;
}
