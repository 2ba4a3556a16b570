/* How the profile schedules, kept as text by name. A value that this program
 * cannot read is as good as none: the default holds. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/error.h"
#include "quiz/core/text.h"
#include "quiz/io/store.h"
#include "quiz/io/store_sql.h"

/* A number within [low, high], or -1. */
static int
read_number(const char *text, double low, double high, double *number)
{
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= low && value <= high)) {
        return -1;
    }
    *number = value;
    return 0;
}

static void
apply_setting(struct schedule *schedule, const char *name, const char *value)
{
    double number = 0;
    if (strcmp(name, "retention") == 0) {
        read_number(value, 0.7, 0.99, &schedule->retention);
    }
    else if (strcmp(name, "maximum_days") == 0) {
        if (read_number(value, 1, 36500, &number) == 0) {
            schedule->maximum_days = (int)number;
        }
    }
    else if (strcmp(name, "rollover_hour") == 0) {
        if (read_number(value, 0, 23, &number) == 0) {
            schedule->rollover_hour = (int)number;
        }
    }
    else if (strcmp(name, "fuzz") == 0) {
        schedule->fuzz = strcmp(value, "on") == 0;
    }
    else if (strcmp(name, "button_order") == 0) {
        schedule->button_order = strcmp(value, "on") == 0;
    }
    else if (strcmp(name, "weights") == 0) {
        fsrs_parse_weights(&schedule->fsrs, value, NULL);
    }
}

const struct schedule *
settings_schedule(struct store *store, struct error *err)
{
    if (store->has_schedule) {
        return &store->schedule;
    }
    store->schedule = schedule_default();
    sqlite3_stmt *rows =
        sql_query(store, err, "SELECT name, value FROM setting", "");
    if (rows == NULL) {
        return NULL;
    }
    int more = 0;
    while ((more = sql_next(store, rows, err)) == 1) {
        apply_setting(&store->schedule,
                      (const char *)sqlite3_column_text(rows, 0),
                      (const char *)sqlite3_column_text(rows, 1));
    }
    if (more < 0) {
        return NULL;
    }
    store->has_schedule = true;
    return &store->schedule;
}

int
store_schedule(struct store *store, struct schedule *schedule,
               struct error *err)
{
    int connected = store_connect(store, err);
    if (connected < 0) {
        return -1;
    }
    if (connected == 0) {
        *schedule = schedule_default();
        return 0;
    }
    const struct schedule *kept = settings_schedule(store, err);
    if (kept == NULL) {
        return -1;
    }
    *schedule = *kept;
    return 0;
}

static int
keep(struct store *store, const char *name, const char *value,
     struct error *err)
{
    return sql_run(store, err,
                   "INSERT INTO setting(name, value) VALUES(?1, ?2)"
                   " ON CONFLICT(name) DO UPDATE SET value = excluded.value",
                   "ss", name, value);
}

static int
keep_number(struct store *store, const char *name, double number,
            struct error *err)
{
    char text[32];
    sqlite3_snprintf(sizeof(text), text, "%!.17g", number);
    return keep(store, name, text, err);
}

static int
keep_weights(struct store *store, const struct fsrs *fsrs, struct error *err)
{
    struct text weights = {0};
    for (int i = 0; i < FSRS_WEIGHTS; i++) {
        text_add_format(&weights, "%s%.17g", i > 0 ? " " : "",
                        fsrs->weights[i]);
    }
    int result = keep(store, "weights", text_string(&weights), err);
    text_release(&weights);
    return result;
}

int
store_set_schedule(struct store *store, const struct schedule *schedule,
                   size_t *changed, struct error *err)
{
    if (store_begin(store, err) != 0) {
        return -1;
    }
    int result = 0;
    if (keep_number(store, "retention", schedule->retention, err) != 0 ||
        keep_number(store, "maximum_days", schedule->maximum_days, err) != 0 ||
        keep_number(store, "rollover_hour", schedule->rollover_hour, err) !=
            0 ||
        keep(store, "fuzz", schedule->fuzz ? "on" : "off", err) != 0 ||
        keep(store, "button_order", schedule->button_order ? "on" : "off",
             err) != 0 ||
        keep_weights(store, &schedule->fsrs, err) != 0) {
        result = -1;
    }
    store->has_schedule = false;
    size_t count = 0;
    if (result == 0) {
        result = review_rebuild(store, &count, err);
    }
    result = store_end(store, result, err);
    store->has_schedule = false;
    if (result == 0 && changed != NULL) {
        *changed = count;
    }
    return result;
}
