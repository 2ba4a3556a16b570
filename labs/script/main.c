/* rt-script: runs a conformance script on the runtime and prints the trace.
 * Exit status 0, or 2 for a script that cannot be read. */
#include <stdio.h>
#include <stdlib.h>

#include "labs/script/script.h"

/* All of stdin, terminated; new. */
static char *
read_all(void)
{
    size_t length = 0;
    size_t room = 1 << 16;
    char *text = malloc(room);
    while (text != NULL) {
        length += fread(text + length, 1, room - 1 - length, stdin);
        if (length < room - 1) {
            text[length] = '\0';
            return text;
        }
        room *= 2;
        char *larger = realloc(text, room);
        if (larger == NULL) {
            free(text);
        }
        text = larger;
    }
    fputs("rt-script: out of memory\n", stderr);
    exit(70);
}

int
main(int argc, char **argv)
{
    struct script script;
    char why[256];
    if (argc > 1) {
        fprintf(stderr,
                "rt-script: unknown argument '%s'\n"
                "usage: rt-script < SCRIPT\n",
                argv[1]);
        return 2;
    }
    if (script_parse(&script, read_all(), why, sizeof(why)) != 0) {
        printf("script error: %s\n", why);
        return 2;
    }
    script_run(&script);
    script_release(&script);
    return 0;
}
