/* ouro history: the log of answers, newest first. */
#include <stdio.h>

#include "quiz/cmd/command.h"
#include "quiz/cmd/progress_view.h"
#include "quiz/core/bank.h"
#include "quiz/io/store.h"

struct options {
    long count;
    const char *topic; // or NULL
};

static int
read_options(struct options *options, int argc, char **argv)
{
    static const struct option LONG[] = {{"count", required_argument, NULL, 1},
                                         {"topic", required_argument, NULL, 2},
                                         {NULL, 0, NULL, 0}};
    *options = (struct options){.count = 20};
    optind = 0;
    for (int option = 0;
         (option = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        if (option == 2) {
            options->topic = optarg;
        }
        else if (option != 1) {
            return command_usage("history", NULL);
        }
        else if (command_number(optarg, 1, 1000000, &options->count) != 0) {
            return command_usage("history",
                                 tr("'%s' is no count: 1 to 1000000"), optarg);
        }
    }
    return optind < argc
               ? command_usage("history", tr("unexpected '%s'"), argv[optind])
               : 0;
}

static int
show_json(const struct history *history, struct error *err)
{
    json_t *document = json_document("ouro.history/1");
    json_t *answers = json_array();
    for (size_t i = 0; i < history->count; i++) {
        json_array_append_new(answers,
                              progress_answer_json(&history->items[i]));
    }
    json_object_set_new(document, "answers", answers);
    return json_write(stdout, document, err);
}

/* A topic that nobody answered must at least be one of the bank. */
static int
check_topic(struct context *context, const char *topic, struct error *err)
{
    if (command_open_bank(context, err) != 0) {
        return -1;
    }
    return bank_find_topic(context->bank, topic) != NULL
               ? 0
               : error_set_status(err, EXIT_STATUS_USAGE,
                                  tr("unknown topic '%s'"), topic);
}

int
history_command(struct context *context, int argc, char **argv)
{
    struct options options;
    struct history history = {0};
    struct error err;
    int status = read_options(&options, argc, argv);
    if (status != 0) {
        return status;
    }
    int result = command_open_store(context, &err);
    if (result == 0) {
        result = store_history(context->store, options.topic,
                               (size_t)options.count, &history, &err);
    }
    if (result == 0 && history.count == 0 && options.topic != NULL) {
        result = check_topic(context, options.topic, &err);
    }
    if (result == 0 && context->json) {
        result = show_json(&history, &err);
    }
    else if (result == 0) {
        for (size_t i = 0; i < history.count; i++) {
            progress_show_answer(&history.items[i]);
        }
        if (history.count == 0 && !context->quiet) {
            puts(tr("no answers yet"));
        }
    }
    history_release(&history);
    return result == 0 ? EXIT_STATUS_DONE : command_fail(&err);
}
