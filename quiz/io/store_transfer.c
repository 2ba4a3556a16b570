/* Progress as JSON lines, and back.
 *
 * One object per row of a log, each with a "type". Rows carry their uid (16
 * hexadecimal digits), by which an import knows those that are here already.
 * What is derived from the logs does not travel; it is computed anew. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/error.h"
#include "quiz/core/lang.h"
#include "quiz/io/json.h"
#include "quiz/io/store.h"
#include "quiz/io/store_sql.h"

static const char SCHEMA[] = "ouro.progress/1";

/* --- out ----------------------------------------------------------------- */

/* One line; steals object. */
static int
write_line(FILE *out, json_t *object, struct error *err)
{
    int failed = json_dumpf(object, out, JSON_COMPACT);
    json_decref(object);
    if (failed != 0 || fputc('\n', out) == EOF) {
        return error_set_status(err, EXIT_STATUS_MACHINE,
                                tr("cannot write the progress"));
    }
    return 0;
}

static json_t *
hex_of(uint64_t bits)
{
    char digits[17];
    snprintf(digits, sizeof(digits), "%016" PRIx64, bits);
    return json_string(digits);
}

/* The row under the cursor: a member for each column, by its name. Columns
 * called uid and seed are 64 bits, written as digits that no reader of JSON
 * rounds; null members are left out. */
static json_t *
object_of_row(sqlite3_stmt *row, const char *type)
{
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string(type));
    for (int i = 0; i < sqlite3_column_count(row); i++) {
        const char *name = sqlite3_column_name(row, i);
        json_t *value = NULL;
        switch (sqlite3_column_type(row, i)) {
        case SQLITE_INTEGER:
            value = strcmp(name, "uid") == 0 || strcmp(name, "seed") == 0
                        ? hex_of((uint64_t)sqlite3_column_int64(row, i))
                        : json_integer(sqlite3_column_int64(row, i));
            break;
        case SQLITE_FLOAT:
            value = json_real(sqlite3_column_double(row, i));
            break;
        case SQLITE_TEXT:
            value = json_text((const char *)sqlite3_column_text(row, i));
            break;
        default:
            break;
        }
        if (value != NULL) {
            json_object_set_new(object, name, value);
        }
    }
    return object;
}

/* What is written, in this order. The words of a mode are not in the
 * database, so they are spelt out here. */
static const struct {
    const char *type, *sql;
} EXPORTS[] = {
    {"setting", "SELECT name, value FROM setting ORDER BY name"},
    {"review",
     "SELECT uid, question.id AS question, topic,"
     " CASE mode WHEN 0 THEN 'scheduled' WHEN 1 THEN 'cram'"
     " WHEN 2 THEN 'mock' ELSE 'placement' END AS mode,"
     " lang, review.time_ms, offset_min, duration_ms, score, rating, answer,"
     " session_ms, undo.time_ms AS undone_ms FROM review"
     " JOIN question ON question.key = review.question"
     " LEFT JOIN undo ON undo.review = review.id ORDER BY review.id"},
    {"attempt",
     "SELECT uid, lab, time_ms, verdict, score, max_score, hints_cost, seed,"
     " file_hash, first_divergence FROM attempt ORDER BY id"},
    {"hint", "SELECT lab, number, time_ms FROM hint ORDER BY lab, number"},
    {"interview",
     "SELECT uid, start_ms, end_ms, seed, plan, level, score, report"
     " FROM interview ORDER BY id"},
};

static int
export_rows(struct store *store, FILE *out, const char *type, const char *sql,
            struct error *err)
{
    sqlite3_stmt *rows = sql_query(store, err, sql, "");
    int more = -1;
    while (rows != NULL && (more = sql_next(store, rows, err)) == 1) {
        if (write_line(out, object_of_row(rows, type), err) != 0) {
            sql_done(rows);
            return -1;
        }
    }
    return more;
}

int
store_export(struct store *store, FILE *out, struct error *err)
{
    int connected = store_connect(store, err);
    if (connected < 0 ||
        write_line(out, json_pack("{ss}", "schema", SCHEMA), err) != 0) {
        return -1;
    }
    // One reading transaction: all tables as they are at one moment.
    if (connected == 1 && sql_script(store, "BEGIN", err) != 0) {
        return -1;
    }
    int result = 0;
    for (size_t i = 0; connected == 1 && result == 0 &&
                       i < sizeof(EXPORTS) / sizeof(*EXPORTS);
         i++) {
        result = export_rows(store, out, EXPORTS[i].type, EXPORTS[i].sql, err);
    }
    if (connected == 1) {
        sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    }
    if (result == 0 && fflush(out) != 0) {
        result = error_set_status(err, EXIT_STATUS_MACHINE,
                                  tr("cannot write the progress"));
    }
    return result;
}

/* --- in ------------------------------------------------------------------ */

/* An import on its way, and where it is. */
struct import {
    struct store *store;
    const char *name;
    int line; // 1-based
    struct import_counts counts;
    struct error *err;
};

static int bad(const struct import *import, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int
bad(const struct import *import, const char *format, ...)
{
    char what[256];
    va_list values;
    va_start(values, format);
    vsnprintf(what, sizeof(what), format, values);
    va_end(values);
    return error_set(import->err, "%s:%d: %s", import->name, import->line,
                     what);
}

static const char *
text_member(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static int64_t
integer_member(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* The 64 bits of a member written by hex_of(); 0 and *bits, or -1. */
static int
bits_member(const json_t *object, const char *name, int64_t *bits)
{
    const char *digits = text_member(object, name);
    if (digits == NULL || strlen(digits) != 16 ||
        strspn(digits, "0123456789abcdef") != 16) {
        return -1;
    }
    uint64_t value = strtoull(digits, NULL, 16);
    memcpy(bits, &value, sizeof(*bits));
    return 0;
}

/* What a member must be: 's' text, 'i' a whole number within range, 'n' a
 * number from 0 to 1, 'x' 64 bits; capital letters may be missing. */
struct member {
    char type;
    const char *name;
    int64_t low, high;
};

static const int64_t FOREVER_MS = 253402300800000; // the year 10000

static const struct member SETTING[] = {
    {'s', "name", 0, 0}, {'s', "value", 0, 0}, {0, NULL, 0, 0}};
static const struct member REVIEW[] = {{'x', "uid", 0, 0},
                                       {'s', "question", 0, 0},
                                       {'s', "topic", 0, 0},
                                       {'s', "mode", 0, 0},
                                       {'s', "lang", 0, 0},
                                       {'i', "time_ms", 0, FOREVER_MS},
                                       {'i', "offset_min", -1440, 1440},
                                       {'i', "duration_ms", 0, INT32_MAX},
                                       {'n', "score", 0, 0},
                                       {'i', "rating", 1, 4},
                                       {'S', "answer", 0, 0},
                                       {'I', "session_ms", 0, FOREVER_MS},
                                       {'I', "undone_ms", 0, FOREVER_MS},
                                       {0, NULL, 0, 0}};
static const struct member ATTEMPT[] = {{'x', "uid", 0, 0},
                                        {'s', "lab", 0, 0},
                                        {'i', "time_ms", 0, FOREVER_MS},
                                        {'s', "verdict", 0, 0},
                                        {'i', "score", INT32_MIN, INT32_MAX},
                                        {'i', "max_score", 0, INT32_MAX},
                                        {'i', "hints_cost", 0, INT32_MAX},
                                        {'x', "seed", 0, 0},
                                        {'S', "file_hash", 0, 0},
                                        {'S', "first_divergence", 0, 0},
                                        {0, NULL, 0, 0}};
static const struct member HINT[] = {{'s', "lab", 0, 0},
                                     {'i', "number", 0, 1000},
                                     {'i', "time_ms", 0, FOREVER_MS},
                                     {0, NULL, 0, 0}};
static const struct member INTERVIEW[] = {{'x', "uid", 0, 0},
                                          {'i', "start_ms", 0, FOREVER_MS},
                                          {'i', "end_ms", 0, FOREVER_MS},
                                          {'x', "seed", 0, 0},
                                          {'S', "plan", 0, 0},
                                          {'S', "level", 0, 0},
                                          {'n', "score", 0, 0},
                                          {'s', "report", 0, 0},
                                          {0, NULL, 0, 0}};

static bool
member_fits(const struct member *member, const json_t *object)
{
    const json_t *value = json_object_get(object, member->name);
    int64_t bits = 0;
    switch (member->type) {
    case 'S':
        return value == NULL || json_is_string(value);
    case 's':
        return json_is_string(value) && json_string_length(value) > 0;
    case 'I':
    case 'i':
        if (value == NULL) {
            return member->type == 'I';
        }
        return json_is_integer(value) &&
               json_integer_value(value) >= member->low &&
               json_integer_value(value) <= member->high;
    case 'n':
        return json_is_number(value) && json_number_value(value) >= 0 &&
               json_number_value(value) <= 1;
    case 'x':
        return bits_member(object, member->name, &bits) == 0;
    default:
        return false;
    }
}

static int
check_members(const struct import *import, const struct member *members,
              const json_t *object)
{
    for (const struct member *member = members; member->name != NULL;
         member++) {
        if (!member_fits(member, object)) {
            return bad(import, tr("'%s' is missing or wrong"), member->name);
        }
    }
    return 0;
}

/* Whether a query finds a row, whose first column is *id: 1, 0 or -1. */
static int
find_row(struct import *import, sqlite3_stmt *row, int64_t *id)
{
    int more = row == NULL ? -1 : sql_next(import->store, row, import->err);
    if (more == 1) {
        *id = sqlite3_column_int64(row, 0);
        sql_done(row);
    }
    return more;
}

static int
import_setting(struct import *import, const json_t *object)
{
    int result = sql_run(import->store, import->err,
                         "INSERT INTO setting(name, value) VALUES(?1, ?2)"
                         " ON CONFLICT DO NOTHING",
                         "ss", text_member(object, "name"),
                         text_member(object, "value"));
    return result != 0 ? -1 : sqlite3_changes(import->store->db);
}

static int
add_review(struct import *import, const json_t *object, int64_t uid,
           int64_t question, enum review_mode mode, int64_t *id)
{
    int result = sql_run(
        import->store, import->err,
        "INSERT INTO review(uid, question, topic, mode, lang, time_ms,"
        " offset_min, duration_ms, score, rating, answer, session_ms)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
        " nullif(?12, 0))",
        "llsdslllrlsl", uid, question, text_member(object, "topic"), (int)mode,
        text_member(object, "lang"), integer_member(object, "time_ms"),
        integer_member(object, "offset_min"),
        integer_member(object, "duration_ms"),
        json_number_value(json_object_get(object, "score")),
        integer_member(object, "rating"), text_member(object, "answer"),
        integer_member(object, "session_ms"));
    *id = sqlite3_last_insert_rowid(import->store->db);
    return result;
}

static int
import_review(struct import *import, const json_t *object)
{
    enum review_mode mode = REVIEW_MODE_SCHEDULED;
    enum lang lang = LANG_EN;
    int64_t uid = 0;
    int64_t question = 0;
    int64_t id = 0;
    bits_member(object, "uid", &uid);
    if (review_mode_from_name(text_member(object, "mode"), &mode) != 0 ||
        lang_from_name(text_member(object, "lang"), &lang) != 0) {
        return bad(import, tr("'%s' is missing or wrong"), "mode, lang");
    }
    if (question_key(import->store, text_member(object, "question"), &question,
                     import->err) != 0) {
        return -1;
    }
    int known = find_row(import,
                         sql_query(import->store, import->err,
                                   "SELECT id FROM review WHERE time_ms = ?1"
                                   " AND uid = ?2 AND question = ?3",
                                   "lll", integer_member(object, "time_ms"),
                                   uid, question),
                         &id);
    if (known < 0 || (known == 0 && add_review(import, object, uid, question,
                                               mode, &id) != 0)) {
        return -1;
    }
    int64_t undone_ms = integer_member(object, "undone_ms");
    if (undone_ms != 0 &&
        sql_run(import->store, import->err,
                "INSERT INTO undo(review, time_ms) VALUES(?1, ?2)"
                " ON CONFLICT DO NOTHING",
                "ll", id, undone_ms) != 0) {
        return -1;
    }
    return known == 0;
}

static int
import_attempt(struct import *import, const json_t *object)
{
    int64_t uid = 0;
    int64_t seed = 0;
    int64_t id = 0;
    bits_member(object, "uid", &uid);
    bits_member(object, "seed", &seed);
    int known =
        find_row(import,
                 sql_query(import->store, import->err,
                           "SELECT id FROM attempt WHERE time_ms = ?1"
                           " AND uid = ?2",
                           "ll", integer_member(object, "time_ms"), uid),
                 &id);
    if (known != 0) {
        return known < 0 ? -1 : 0;
    }
    int result = sql_run(
        import->store, import->err,
        "INSERT INTO attempt(uid, lab, time_ms, verdict, score, max_score,"
        " hints_cost, seed, file_hash, first_divergence)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        "lslsllllss", uid, text_member(object, "lab"),
        integer_member(object, "time_ms"), text_member(object, "verdict"),
        integer_member(object, "score"), integer_member(object, "max_score"),
        integer_member(object, "hints_cost"), seed,
        text_member(object, "file_hash"),
        text_member(object, "first_divergence"));
    return result != 0 ? -1 : 1;
}

static int
import_hint(struct import *import, const json_t *object)
{
    int result = sql_run(
        import->store, import->err,
        "INSERT INTO hint(lab, number, time_ms) VALUES(?1, ?2, ?3)"
        " ON CONFLICT DO NOTHING",
        "sll", text_member(object, "lab"), integer_member(object, "number"),
        integer_member(object, "time_ms"));
    return result != 0 ? -1 : sqlite3_changes(import->store->db);
}

static int
import_interview(struct import *import, const json_t *object)
{
    int64_t uid = 0;
    int64_t seed = 0;
    int64_t id = 0;
    bits_member(object, "uid", &uid);
    bits_member(object, "seed", &seed);
    int known =
        find_row(import,
                 sql_query(import->store, import->err,
                           "SELECT id FROM interview WHERE start_ms = ?1"
                           " AND uid = ?2",
                           "ll", integer_member(object, "start_ms"), uid),
                 &id);
    if (known != 0) {
        return known < 0 ? -1 : 0;
    }
    int result = sql_run(
        import->store, import->err,
        "INSERT INTO interview(uid, start_ms, end_ms, seed, plan, level,"
        " score, report) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        "llllssrs", uid, integer_member(object, "start_ms"),
        integer_member(object, "end_ms"), seed, text_member(object, "plan"),
        text_member(object, "level"),
        json_number_value(json_object_get(object, "score")),
        text_member(object, "report"));
    return result != 0 ? -1 : 1;
}

/* Each adds one row: 1 when it was new, 0 when it was known, or -1. */
static const struct {
    const char *type;
    const struct member *members;
    int (*add)(struct import *import, const json_t *object);
} IMPORTS[] = {
    {"setting", SETTING, import_setting},
    {"review", REVIEW, import_review},
    {"attempt", ATTEMPT, import_attempt},
    {"hint", HINT, import_hint},
    {"interview", INTERVIEW, import_interview},
};

static int
import_object(struct import *import, const json_t *object)
{
    const char *type = text_member(object, "type");
    for (size_t i = 0; type != NULL && i < sizeof(IMPORTS) / sizeof(*IMPORTS);
         i++) {
        if (strcmp(type, IMPORTS[i].type) == 0) {
            if (check_members(import, IMPORTS[i].members, object) != 0) {
                return -1;
            }
            int added = IMPORTS[i].add(import, object);
            import->counts.added += added == 1;
            import->counts.known += added == 0;
            return added < 0 ? -1 : 0;
        }
    }
    return bad(import, tr("no row of a kind that is known"));
}

static int
import_line(struct import *import, const char *line, size_t length)
{
    json_error_t fault;
    json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &fault);
    if (!json_is_object(object)) {
        bad(import, tr("no JSON object: %s"),
            object == NULL ? fault.text : "");
        json_decref(object);
        return -1;
    }
    int result = 0;
    if (import->line > 1) {
        result = import_object(import, object);
    }
    else {
        const char *schema = text_member(object, "schema");
        if (schema == NULL || strcmp(schema, SCHEMA) != 0) {
            result = bad(import,
                         tr("no progress of Ouro: the first line must "
                            "be {\"schema\":\"%s\"}"),
                         SCHEMA);
        }
    }
    json_decref(object);
    return result;
}

static int
import_lines(struct import *import, FILE *in)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length = 0;
    int result = 0;
    while (result == 0 && (length = getline(&line, &capacity, in)) > 0) {
        import->line++;
        bool blank = strspn(line, " \t\r\n") == (size_t)length;
        if (!blank || import->line == 1) {
            result = import_line(import, line, (size_t)length);
        }
    }
    free(line);
    if (result == 0 && ferror(in)) {
        result = bad(import, tr("cannot be read"));
    }
    if (result == 0 && import->line == 0) {
        import->line = 1;
        result = import_line(import, "", 0);
    }
    return result;
}

int
store_import(struct store *store, FILE *in, const char *name,
             struct import_counts *counts, struct error *err)
{
    if (store_begin(store, err) != 0) {
        return -1;
    }
    struct import import = {.store = store, .name = name, .err = err};
    int result = import_lines(&import, in);
    store->has_schedule = false; // settings may have come
    if (result == 0) {
        size_t changed = 0;
        result = review_rebuild(store, &changed, err);
    }
    if (result == 0) {
        result = lab_rebuild(store, err);
    }
    result = store_end(store, result, err);
    store->has_schedule = false;
    if (result == 0) {
        *counts = import.counts;
    }
    return result;
}
