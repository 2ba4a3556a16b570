#include "quiz/cmd/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "quiz/core/suggest.h"

/* In the order of `ouro help`. */
const struct command COMMANDS[] = {
    {"help", "[COMMAND]", TR_LATER("this page, or the page of a command"),
     NULL, help_command},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct command *
command_find(const char *name)
{
    for (const struct command *row = COMMANDS; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

const char *
command_suggest(const char *name)
{
    struct suggest suggest = suggest_begin(name);
    for (const struct command *row = COMMANDS; row->name != NULL; row++) {
        suggest_offer(&suggest, row->name);
    }
    return suggest.best;
}

int
command_fail(const struct error *err)
{
    fprintf(stderr, "ouro: %s\n", err->message);
    return (int)err->status;
}

int
command_usage(const char *name, const char *format, ...)
{
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        fputs("ouro: ", stderr);
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
        va_end(arguments);
    }
    const struct command *command = command_find(name);
    if (command != NULL) {
        fprintf(stderr, tr("usage: ouro %s %s\n"), name, command->usage);
    }
    fprintf(stderr, tr("see: ouro help %s\n"), name);
    return EXIT_STATUS_USAGE;
}

void
command_release(struct context *context)
{
    paths_release(&context->paths);
}

int64_t
command_now_ms(void)
{
    const char *fixed = getenv("OURO_NOW_MS");
    if (fixed != NULL && fixed[0] != '\0') {
        return strtoll(fixed, NULL, 10);
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
command_number(const char *text, long low, long high, long *value)
{
    char *end = NULL;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < low ||
        number > high) {
        return -1;
    }
    *value = number;
    return 0;
}
