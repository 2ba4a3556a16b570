/* ouro reschedule: every due date anew from the log, with other settings if
 * wanted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/command.h"
#include "quiz/core/schedule.h"
#include "quiz/io/json.h"
#include "quiz/io/store.h"

enum setting {
    SETTING_RETENTION = 1,
    SETTING_MAX_DAYS,
    SETTING_ROLLOVER,
    SETTING_FUZZ,
    SETTING_ORDERED,
    SETTING_WEIGHTS
};

static int
wrong(const char *value, const char *wanted)
{
    return command_usage("reschedule", tr("'%s' will not do: %s"), value,
                         wanted);
}

static int
set_switch(bool *on, const char *value)
{
    *on = strcmp(value, "on") == 0;
    return *on || strcmp(value, "off") == 0 ? 0 : wrong(value, "on, off");
}

static int
set_weights(struct fsrs *fsrs, const char *value)
{
    struct error err;
    if (strcmp(value, "default") == 0) {
        *fsrs = FSRS_DEFAULT;
        return 0;
    }
    return fsrs_parse_weights(fsrs, value, &err) == 0
               ? 0
               : command_usage("reschedule", "%s", err.message);
}

/* Puts one option into the schedule: 0 or an exit status. */
static int
take_option(struct schedule *schedule, int option, const char *value)
{
    char *end = NULL;
    long number = 0;
    switch (option) {
    case SETTING_RETENTION:
        schedule->retention = strtod(value, &end);
        return end != value && *end == '\0' && schedule->retention >= 0.7 &&
                       schedule->retention <= 0.99
                   ? 0
                   : wrong(value, "0.7..0.99");
    case SETTING_MAX_DAYS:
        if (command_number(value, 1, 36500, &number) != 0) {
            return wrong(value, "1..36500");
        }
        schedule->maximum_days = (int)number;
        return 0;
    case SETTING_ROLLOVER:
        if (command_number(value, 0, 23, &number) != 0) {
            return wrong(value, "0..23");
        }
        schedule->rollover_hour = (int)number;
        return 0;
    case SETTING_FUZZ:
        return set_switch(&schedule->fuzz, value);
    case SETTING_ORDERED:
        return set_switch(&schedule->button_order, value);
    case SETTING_WEIGHTS:
        return set_weights(&schedule->fsrs, value);
    default:
        return command_usage("reschedule", NULL);
    }
}

static int
take_options(struct schedule *schedule, int argc, char **argv)
{
    static const struct option LONG[] = {
        {"retention", required_argument, NULL, SETTING_RETENTION},
        {"max-days", required_argument, NULL, SETTING_MAX_DAYS},
        {"rollover", required_argument, NULL, SETTING_ROLLOVER},
        {"fuzz", required_argument, NULL, SETTING_FUZZ},
        {"ordered", required_argument, NULL, SETTING_ORDERED},
        {"weights", required_argument, NULL, SETTING_WEIGHTS},
        {NULL, 0, NULL, 0}};
    optind = 0;
    for (int option = 0;
         (option = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        int status = take_option(schedule, option, optarg);
        if (status != 0) {
            return status;
        }
    }
    return optind < argc ? command_usage("reschedule", tr("unexpected '%s'"),
                                         argv[optind])
                         : 0;
}

static json_t *
settings_json(const struct schedule *schedule)
{
    json_t *settings = json_object();
    json_t *weights = json_array();
    for (int i = 0; i < FSRS_WEIGHTS; i++) {
        json_array_append_new(weights, json_real(schedule->fsrs.weights[i]));
    }
    json_object_set_new(settings, "retention", json_real(schedule->retention));
    json_object_set_new(settings, "max_days",
                        json_integer(schedule->maximum_days));
    json_object_set_new(settings, "rollover",
                        json_integer(schedule->rollover_hour));
    json_object_set_new(settings, "fuzz", json_boolean(schedule->fuzz));
    json_object_set_new(settings, "ordered",
                        json_boolean(schedule->button_order));
    json_object_set_new(settings, "weights", weights);
    return settings;
}

static int
show(const struct context *context, const struct schedule *schedule,
     size_t changed, struct error *err)
{
    if (context->json) {
        json_t *document = json_document("ouro.reschedule/1");
        json_object_set_new(document, "changed",
                            json_integer((json_int_t)changed));
        json_object_set_new(document, "settings", settings_json(schedule));
        return json_write(stdout, document, err);
    }
    if (changed == 0) {
        puts(tr("every due date stays as it is"));
    }
    else {
        printf(tr("cards that are due at another time: %zu\n"), changed);
    }
    return 0;
}

int
reschedule_command(struct context *context, int argc, char **argv)
{
    struct schedule schedule;
    struct error err;
    size_t changed = 0;
    if (command_open_store(context, &err) != 0 ||
        store_schedule(context->store, &schedule, &err) != 0) {
        return command_fail(&err);
    }
    int status = take_options(&schedule, argc, argv);
    if (status != 0) {
        return status;
    }
    int result = argc > 1 ? store_set_schedule(context->store, &schedule,
                                               &changed, &err)
                          : store_rebuild(context->store, &changed, &err);
    if (result == 0) {
        result = show(context, &schedule, changed, &err);
    }
    return result == 0 ? EXIT_STATUS_DONE : command_fail(&err);
}
