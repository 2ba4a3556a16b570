/* ouro schedule replay: what FSRS makes of somebody's review log. */
#include "quiz/core/schedule.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/command.h"
#include "quiz/core/calendar.h"
#include "quiz/core/replay.h"
#include "quiz/core/text.h"
#include "quiz/io/json.h"

static const size_t LOG_LIMIT_BYTES = (size_t)4 << 30;

struct options {
    const char *file;
    bool unique;
    struct schedule schedule;
};

static int
read_options(struct options *options, int argc, char **argv)
{
    enum {
        OPTION_ALGORITHM = 1,
        OPTION_WEIGHTS,
        OPTION_UNIQUE
    };
    static const struct option LONG[] = {
        {"algorithm", required_argument, NULL, OPTION_ALGORITHM},
        {"weights", required_argument, NULL, OPTION_WEIGHTS},
        {"unique", no_argument, NULL, OPTION_UNIQUE},
        {NULL, 0, NULL, 0}};
    struct error err;
    *options = (struct options){.schedule = schedule_default()};
    optind = 0;
    for (int option = 0;
         (option = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        if (option == OPTION_UNIQUE) {
            options->unique = true;
        }
        else if (option == OPTION_ALGORITHM) {
            if (strcmp(optarg, "fsrs6") != 0) {
                return command_usage(
                    "schedule", tr("unknown algorithm '%s': fsrs6"), optarg);
            }
        }
        else if (option == OPTION_WEIGHTS) {
            if (fsrs_parse_weights(&options->schedule.fsrs, optarg, &err) !=
                0) {
                return command_usage("schedule", "%s", err.message);
            }
        }
        else {
            return command_usage("schedule", NULL);
        }
    }
    if (argc - optind != 2 || strcmp(argv[optind], "replay") != 0) {
        return command_usage("schedule", tr("what to do is: replay FILE"));
    }
    options->file = argv[optind + 1];
    return 0;
}

static int
read_input(char **bytes, size_t *length, struct error *err)
{
    struct text input = {0};
    char block[65536];
    size_t got = 0;
    while ((got = fread(block, 1, sizeof(block), stdin)) > 0) {
        text_add_bytes(&input, block, got);
    }
    if (ferror(stdin)) {
        text_release(&input);
        return error_set(err, tr("cannot read the input: %s"),
                         strerror(errno));
    }
    *length = input.length;
    *bytes = text_steal(&input);
    return 0;
}

static json_t *
moment_json(int64_t time_ms)
{
    char text[CALENDAR_TEXT_BYTES];
    calendar_format(time_ms, text);
    return json_string(text);
}

static int
show_json(const struct replay *replay, struct error *err)
{
    json_t *document = json_document("ouro.schedule.replay/1");
    json_t *cards = json_array();
    for (size_t i = 0; i < replay->count; i++) {
        const struct replay_card *card = &replay->cards[i];
        json_t *object = json_object();
        json_object_set_new(object, "card_id", json_text(card->id));
        json_object_set_new(object, "reviews",
                            json_integer((json_int_t)card->reviews));
        json_object_set_new(object, "stability",
                            json_real(card->memory.stability));
        json_object_set_new(object, "difficulty",
                            json_real(card->memory.difficulty));
        json_object_set_new(object, "due", moment_json(card->due_ms));
        json_object_set_new(object, "last_review", moment_json(card->last_ms));
        json_array_append_new(cards, object);
    }
    json_object_set_new(document, "algorithm", json_string("fsrs6"));
    json_object_set_new(document, "reviews",
                        json_integer((json_int_t)replay->reviews));
    json_object_set_new(document, "duplicates",
                        json_integer((json_int_t)replay->duplicates));
    json_object_set_new(document, "cards", cards);
    return json_write(stdout, document, err);
}

static void
show_table(const struct context *context, const struct replay *replay)
{
    // The names of the JSON members, in every language.
    printf("%-20s %8s %12s %10s  %s\n", "card_id", "reviews", "stability",
           "difficulty", "due");
    for (size_t i = 0; i < replay->count; i++) {
        const struct replay_card *card = &replay->cards[i];
        char due[CALENDAR_TEXT_BYTES];
        calendar_format(card->due_ms, due);
        printf("%-20s %8zu %12.4f %10.4f  %s\n", card->id, card->reviews,
               card->memory.stability, card->memory.difficulty, due);
    }
    if (!context->quiet) {
        printf(tr("cards: %zu, reviews: %zu, rows like one before: %zu\n"),
               replay->count, replay->reviews, replay->duplicates);
    }
}

int
schedule_command(struct context *context, int argc, char **argv)
{
    struct options options;
    struct error err;
    struct replay replay = {0};
    char *bytes = NULL;
    size_t length = 0;
    int status = read_options(&options, argc, argv);
    if (status != 0 || options.file == NULL) {
        return status;
    }
    assert(options.file != NULL);
    bool from_stdin = strcmp(options.file, "-") == 0;
    int result = from_stdin ? read_input(&bytes, &length, &err)
                            : paths_read_file(options.file, LOG_LIMIT_BYTES,
                                              &bytes, &length, &err);
    if (result == 0) {
        result = replay_csv(&replay, &options.schedule, bytes, length,
                            from_stdin ? "stdin" : options.file,
                            options.unique, &err);
    }
    free(bytes);
    if (result == 0 && context->json) {
        result = show_json(&replay, &err);
    }
    else if (result == 0) {
        show_table(context, &replay);
    }
    replay_release(&replay);
    return result == 0 ? EXIT_STATUS_DONE : command_fail(&err);
}
