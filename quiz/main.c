#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grader/grade.h"
#include "quiz/cmd/command.h"

/* The options that every command has; they may stand anywhere. */
enum global {
    GLOBAL_LANG,
    GLOBAL_PROFILE,
    GLOBAL_WIDTH,
    GLOBAL_JSON,
    GLOBAL_NO_COLOR,
    GLOBAL_QUIET,
    GLOBAL_HELP,
    GLOBAL_VERSION,
    GLOBAL_COUNT
};
static const struct {
    const char *name;
    bool has_value;
} GLOBALS[GLOBAL_COUNT] = {
    {"--lang", true},  {"--profile", true},   {"--width", true},
    {"--json", false}, {"--no-color", false}, {"--quiet", false},
    {"--help", false}, {"--version", false},
};

/* What the options said, before a command is known. */
struct request {
    struct context context;
    enum lang lang;
    bool help, version;
};

/* The language of the locale, as gettext would choose it. */
static enum lang
lang_of_environment(void)
{
    static const char *const VARIABLES[] = {"LANGUAGE", "LC_ALL",
                                            "LC_MESSAGES", "LANG"};
    enum lang lang = LANG_EN;
    for (size_t i = 0; i < sizeof(VARIABLES) / sizeof(*VARIABLES); i++) {
        const char *value = getenv(VARIABLES[i]);
        if (value != NULL && value[0] != '\0') {
            lang_from_name(value, &lang);
            return lang;
        }
    }
    return lang;
}

/* Text is UTF-8 throughout; gettext also needs a locale other than "C". */
static void
set_locale(void)
{
    setlocale(LC_ALL, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
        setlocale(LC_CTYPE, "C.UTF-8");
        setlocale(LC_MESSAGES, "C.UTF-8");
    }
    else if (strcmp(setlocale(LC_MESSAGES, NULL), "C") == 0) {
        setlocale(LC_MESSAGES, "C.UTF-8");
    }
    setlocale(LC_NUMERIC, "C");
}

/* The global option that an argument is, with its value if it is there as
 * "--name=value"; GLOBAL_COUNT if it is none. */
static enum global
global_of(const char *argument, const char **value)
{
    *value = NULL;
    if (strcmp(argument, "-h") == 0) {
        return GLOBAL_HELP;
    }
    for (int i = 0; i < GLOBAL_COUNT; i++) {
        size_t length = strlen(GLOBALS[i].name);
        if (strncmp(argument, GLOBALS[i].name, length) == 0 &&
            (argument[length] == '\0' ||
             (argument[length] == '=' && GLOBALS[i].has_value))) {
            *value = argument[length] == '=' ? argument + length + 1 : NULL;
            return (enum global)i;
        }
    }
    return GLOBAL_COUNT;
}

static int
apply(struct request *request, enum global option, const char *value,
      struct error *err)
{
    long width = 0;
    switch (option) {
    case GLOBAL_LANG:
        if (lang_from_name(value, &request->lang) != 0) {
            return error_set_status(err, EXIT_STATUS_USAGE,
                                    tr("unknown language '%s': en or ru"),
                                    value);
        }
        break;
    case GLOBAL_PROFILE:
        request->context.profile = value;
        break;
    case GLOBAL_WIDTH:
        if (command_number(value, 20, 1000, &width) != 0) {
            return error_set_status(err, EXIT_STATUS_USAGE,
                                    tr("'%s' is no width: 20 to 1000 columns"),
                                    value);
        }
        request->context.width = (int)width;
        break;
    case GLOBAL_JSON:
        request->context.json = true;
        break;
    case GLOBAL_NO_COLOR:
        request->context.no_color = true;
        break;
    case GLOBAL_QUIET:
        request->context.quiet = true;
        break;
    case GLOBAL_HELP:
        request->help = true;
        break;
    case GLOBAL_VERSION:
        request->version = true;
        break;
    case GLOBAL_COUNT:
        break;
    }
    return 0;
}

/* Takes the global options out of argv; the others stay, in their order. */
static int
take_globals(struct request *request, int *argc, char **argv,
             struct error *err)
{
    int kept = 1;
    int i = 1;
    for (; i < *argc && strcmp(argv[i], "--") != 0; i++) {
        const char *value = NULL;
        enum global option = global_of(argv[i], &value);
        if (option == GLOBAL_COUNT) {
            argv[kept++] = argv[i];
            continue;
        }
        if (GLOBALS[option].has_value && value == NULL) {
            if (i + 1 == *argc) {
                return error_set_status(err, EXIT_STATUS_USAGE,
                                        tr("option '%s' needs a value"),
                                        argv[i]);
            }
            value = argv[++i];
        }
        if (apply(request, option, value, err) != 0) {
            return -1;
        }
    }
    while (i < *argc) {
        argv[kept++] = argv[i++];
    }
    argv[kept] = NULL;
    *argc = kept;
    return 0;
}

static int
unknown_command(const char *name)
{
    const char *suggestion = command_suggest(name);
    fprintf(stderr, tr("ouro: unknown command '%s'\n"), name);
    if (suggestion != NULL) {
        fprintf(stderr, tr("did you mean '%s'?\n"), suggestion);
    }
    fputs(tr("see: ouro help\n"), stderr);
    return EXIT_STATUS_USAGE;
}

static int
run(struct request *request, int argc, char **argv)
{
    if (request->help) {
        // The page is the command's: "ouro lab start --help" asks for lab's.
        return help_command(&request->context, argc < 2 ? argc : 2, argv);
    }
    if (argc < 2) {
        return home_command(&request->context, argc, argv);
    }
    const struct command *command = command_find(argv[1]);
    if (command == NULL) {
        return unknown_command(argv[1]);
    }
    return command->run(&request->context, argc - 1, argv + 1);
}

int
main(int argc, char **argv)
{
    struct request request = {.lang = lang_of_environment()};
    struct error err;
    set_locale();
    int wrong = take_globals(&request, &argc, argv, &err);
    if (request.version) {
        puts("ouro " OURO_VERSION);
        return EXIT_STATUS_DONE;
    }
    struct paths *paths = &request.context.paths;
    struct error lost;
    int missing = paths_find(paths, request.context.profile, &lost);
    lang_choose(request.lang, paths->locale);
    grade_set_language(tr);
    int status = wrong     ? command_fail(&err)
                 : missing ? command_fail(&lost)
                           : run(&request, argc, argv);
    command_release(&request.context);
    if (fflush(stdout) != 0 && status == EXIT_STATUS_DONE) {
        error_set(&err, tr("cannot write the output"));
        status = command_fail(&err);
    }
    return status;
}
