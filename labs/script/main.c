/* rt-script: runs a conformance script on the runtime and prints the trace.
 * Scripts are about memory, or with --loop about an event loop; --ticks puts
 * the number of the loop's turn before each line. RT_MALLOC in the environment
 * says where memory comes from, as PYTHONMALLOC does: pymalloc_debug if it is
 * not set, pymalloc or malloc. Exit status 0, or 2 for a script that cannot be
 * read. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/script/loop_script.h"
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

static int
run_memory(void)
{
    struct script script;
    char why[256];
    if (script_parse(&script, read_all(), why, sizeof(why)) != 0) {
        printf("script error: %s\n", why);
        return 2;
    }
    script_run(&script);
    script_release(&script);
    return 0;
}

static int
run_loop(bool with_turns)
{
    struct loop_script script;
    char why[256];
    if (loop_script_parse(&script, read_all(), why, sizeof(why)) != 0) {
        printf("script error: %s\n", why);
        return 2;
    }
    loop_script_run(&script, with_turns);
    loop_script_release(&script);
    return 0;
}

/* 0, or -1 for a name that nobody knows. */
static int
choose_allocator(const char *name)
{
    static const struct {
        const char *name;
        const struct rt_allocator *allocator;
    } KNOWN[] = {{"pymalloc_debug", &rt_allocator_debug},
                 {"pymalloc", &rt_allocator_heap},
                 {"malloc", &rt_allocator_malloc}};
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++) {
        if (strcmp(name, KNOWN[i].name) == 0) {
            rt_alloc_set(KNOWN[i].allocator);
            return 0;
        }
    }
    return -1;
}

static const char USAGE[] =
    "usage: rt-script [--loop [--ticks]] < SCRIPT\n"
    "Runs a conformance script and prints its trace; --loop: one for the "
    "event\n"
    "loop, --ticks: with the number of the iteration.\n";

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(USAGE, stdout);
        return 0;
    }
    bool is_loop = argc > 1 && strcmp(argv[1], "--loop") == 0;
    bool with_turns = is_loop && argc > 2 && strcmp(argv[2], "--ticks") == 0;
    int known = 1 + is_loop + with_turns;
    if (argc > known) {
        fprintf(stderr, "rt-script: unknown argument '%s'\n%s", argv[known],
                USAGE);
        return 2;
    }
    const char *allocator = getenv("RT_MALLOC");
    if (allocator != NULL && choose_allocator(allocator) != 0) {
        fprintf(stderr,
                "rt-script: RT_MALLOC is '%s', but must be "
                "pymalloc_debug, pymalloc or malloc\n",
                allocator);
        return 2;
    }
    return is_loop ? run_loop(with_turns) : run_memory();
}
