#include "quiz/io/store_sql.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "quiz/core/error.h"
#include "quiz/core/lang.h"
#include "quiz/core/xalloc.h"

/* The reason of the operating system, if SQLite knows one. */
static const char *
system_reason(const struct store *store, const char *message)
{
    int number = store->db != NULL ? sqlite3_system_errno(store->db) : 0;
    return number != 0 ? strerror(number) : message;
}

int
sql_fail_code(const struct store *store, int code, const char *message,
              struct error *err)
{
    switch (code & 0xFF) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return error_set_status(
            err, EXIT_STATUS_CONTENT,
            tr("'%s' is damaged, or no progress of Ouro at all (%s); it is "
               "left as it is. Put a copy in its place: ouro progress restore "
               "FILE (copies are in '%s/backups')"),
            store->path, message, store->folder);
    case SQLITE_FULL:
        return error_set_status(
            err, EXIT_STATUS_MACHINE,
            tr("cannot save to '%s': no space is left; nothing was changed"),
            store->path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return error_set_status(err, EXIT_STATUS_MACHINE,
                                tr("cannot save to '%s': it cannot be written "
                                   "(%s)"),
                                store->path, message);
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return error_set_status(err, EXIT_STATUS_MACHINE,
                                tr("cannot use '%s': %s"), store->path,
                                system_reason(store, message));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set_status(
            err, EXIT_STATUS_MACHINE,
            tr("'%s' is held by another program; try again"), store->path);
    default:
        return error_set_status(err, EXIT_STATUS_INTERNAL,
                                tr("cannot use '%s': %s"), store->path,
                                message);
    }
}

int
sql_fail(struct store *store, struct error *err)
{
    return sql_fail_code(store, sqlite3_extended_errcode(store->db),
                         sqlite3_errmsg(store->db), err);
}

static sqlite3_stmt *
prepared(struct store *store, const char *sql, struct error *err)
{
    for (size_t i = 0; i < store->cached; i++) {
        if (store->cache[i].sql == sql) {
            return store->cache[i].statement;
        }
    }
    assert(store->cached < SQL_CACHE);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                           &statement, NULL) != SQLITE_OK) {
        sql_fail(store, err);
        return NULL;
    }
    store->cache[store->cached].sql = sql;
    store->cache[store->cached].statement = statement;
    store->cached++;
    return statement;
}

static void
bind_all(sqlite3_stmt *statement, const char *types, va_list values)
{
    for (int i = 0; types[i] != '\0'; i++) {
        const char *string = NULL;
        switch (types[i]) {
        case 'd':
            sqlite3_bind_int(statement, i + 1, va_arg(values, int));
            break;
        case 'l':
            sqlite3_bind_int64(statement, i + 1, va_arg(values, int64_t));
            break;
        case 'r':
            sqlite3_bind_double(statement, i + 1, va_arg(values, double));
            break;
        case 's':
            string = va_arg(values, const char *);
            sqlite3_bind_text(statement, i + 1, string, -1, SQLITE_STATIC);
            break;
        default:
            assert(false && "a type letter that is unknown");
        }
    }
}

sqlite3_stmt *
sql_query(struct store *store, struct error *err, const char *sql,
          const char *types, ...)
{
    sqlite3_stmt *statement = prepared(store, sql, err);
    if (statement != NULL) {
        va_list values;
        va_start(values, types);
        bind_all(statement, types, values);
        va_end(values);
    }
    return statement;
}

void
sql_done(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

int
sql_next(struct store *store, sqlite3_stmt *statement, struct error *err)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        return 1;
    }
    int result = 0;
    if (code != SQLITE_DONE) {
        result = sql_fail(store, err);
    }
    sql_done(statement);
    return result;
}

int
sql_run(struct store *store, struct error *err, const char *sql,
        const char *types, ...)
{
    sqlite3_stmt *statement = prepared(store, sql, err);
    if (statement == NULL) {
        return -1;
    }
    va_list values;
    va_start(values, types);
    bind_all(statement, types, values);
    va_end(values);
    return sql_next(store, statement, err) < 0 ? -1 : 0;
}

int
sql_script(struct store *store, const char *sql, struct error *err)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return sql_fail(store, err);
    }
    return 0;
}

int
sql_number(struct store *store, struct error *err, const char *sql,
           int64_t *number)
{
    sqlite3_stmt *statement = prepared(store, sql, err);
    if (statement == NULL) {
        return -1;
    }
    int more = sql_next(store, statement, err);
    if (more == 1) {
        *number = sqlite3_column_int64(statement, 0);
        sql_done(statement);
    }
    return more < 0 ? -1 : 0;
}

char *
sql_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text != NULL ? xstrdup(text) : NULL;
}

int64_t
sql_new_uid(void)
{
    int64_t uid = 0;
    sqlite3_randomness((int)sizeof(uid), &uid);
    return uid;
}
