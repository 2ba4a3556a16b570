#include <stdio.h>
#include <string.h>

#include "quiz/cmd/command.h"
#include "quiz/core/error.h"
#include "quiz/io/json.h"

static const char *const GLOBAL_OPTIONS =
    TR_LATER("  --lang en|ru     the language of everything shown\n"
             "  --json           the result as JSON\n"
             "  --profile DIR    keep the progress in DIR\n"
             "  --no-color       no colours\n"
             "  --width N        lay out for N columns\n"
             "  --quiet          only what was asked for\n"
             "  -h, --help       the page of the command\n"
             "  --version        the version\n");

static void
print_overview(void)
{
    puts(tr("Ouro: practise for interviews about what happens inside "
            "Python."));
    printf("\n%s\n", tr("usage: ouro [COMMAND] [OPTION]..."));
    printf("\n%s\n", tr("Commands:"));
    for (const struct command *row = COMMANDS; row->name != NULL; row++) {
        printf("  %-10s %s\n", row->name, tr(row->summary));
    }
    printf("\n%s\n%s", tr("Options of every command:"), tr(GLOBAL_OPTIONS));
    printf("\n%s\n",
           tr("Exit codes: 0 done or all right, 1 something missed, 2 wrong "
              "usage,\n3 bad content or file, 4 the machine lacks something, "
              "70 our own fault."));
}

static void
print_page(const struct command *command)
{
    printf(tr("usage: ouro %s %s\n"), command->name, command->usage);
    printf("\n%s\n", tr(command->summary));
    if (command->options != NULL) {
        printf("\n%s", tr(command->options));
    }
    printf("\n%s\n%s", tr("Options of every command:"), tr(GLOBAL_OPTIONS));
}

static json_t *
command_json(const struct command *command)
{
    json_t *object = json_object();
    json_object_set_new(object, "name", json_string(command->name));
    json_object_set_new(object, "usage", json_text(command->usage));
    json_object_set_new(object, "summary", json_text(tr(command->summary)));
    json_object_set_new(
        object, "options",
        json_text(command->options != NULL ? tr(command->options) : NULL));
    return object;
}

/* All commands, or only one. */
static int
write_help(const struct command *only)
{
    struct error err;
    json_t *document = json_document("ouro.help/1");
    json_t *commands = json_array();
    for (const struct command *row = COMMANDS; row->name != NULL; row++) {
        if (only == NULL || only == row) {
            json_array_append_new(commands, command_json(row));
        }
    }
    json_object_set_new(document, "commands", commands);
    json_object_set_new(document, "options", json_text(tr(GLOBAL_OPTIONS)));
    return json_write(stdout, document, &err) != 0 ? command_fail(&err)
                                                   : EXIT_STATUS_DONE;
}

int
help_command(struct context *context, int argc, char **argv)
{
    if (argc > 2) {
        return command_usage("help", tr("one command at a time"));
    }
    if (argc < 2) {
        if (context->json) {
            return write_help(NULL);
        }
        print_overview();
        return EXIT_STATUS_DONE;
    }
    const struct command *command = command_find(argv[1]);
    if (command == NULL) {
        const char *suggestion = command_suggest(argv[1]);
        if (suggestion == NULL) {
            return command_usage("help", tr("unknown command '%s'"), argv[1]);
        }
        return command_usage("help",
                             tr("unknown command '%s': did you mean '%s'?"),
                             argv[1], suggestion);
    }
    if (context->json) {
        return write_help(command);
    }
    print_page(command);
    return EXIT_STATUS_DONE;
}
