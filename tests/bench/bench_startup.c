/* How long the program takes to start: to its version, to its first question,
 * to what is due; beside the start of an empty C program. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/bench.h"
#include "tests/support/program.h"
#include "tests/support/tempdir.h"

struct start {
    const char *arguments[12];
};

static int64_t
run(void *context)
{
    const struct start *start = context;
    return bench_process(start->arguments);
}

int
main(void)
{
    enum {
        ROUNDS = 21
    };
    char *folder = tempdir_make();
    char *empty = bench_empty_program(folder);
    char *ouro = program_path("ouro");
    if (empty == NULL) {
        puts("bench_startup: no C compiler");
        return 4;
    }
    struct start starts[] = {
        {{empty, NULL}},
        {{ouro, "--version", NULL}},
        // stdin is empty, so it ends when the first question is shown.
        {{ouro, "quiz", "--profile", folder, "--count", "1", NULL}},
        {{ouro, "quiz", "--profile", folder, "--lang", "ru", NULL}},
        {{ouro, "due", "--profile", folder, NULL}},
    };
    const struct bench_row rows[] = {
        {"an empty C program", run, &starts[0]},
        {"ouro --version", run, &starts[1]},
        {"ouro quiz, to the first question", run, &starts[2]},
        {"the same in Russian", run, &starts[3]},
        {"ouro due", run, &starts[4]},
    };
    bench_compare("start", rows, 5, ROUNDS);
    free(ouro);
    free(empty);
    tempdir_remove(folder);
    return 0;
}
