/* Store, inside: the open database that the store_*.c files share.
 *
 * Statements are prepared once and kept by the address of their SQL text, so
 * pass string literals of static storage. Everything that fails fills err
 * with what a person can do about it. */
#ifndef QUIZ_IO_STORE_SQL_H
#define QUIZ_IO_STORE_SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "quiz/core/schedule.h"

struct error;

enum {
    SQL_CACHE = 96
};

struct store {
    char *folder, *path;
    sqlite3 *db;              // NULL while there is no file
    bool read_only;           // the file or its folder cannot be written
    bool wal_checked;         // the journal mode is known to be right
    bool has_schedule;        // schedule was read from the settings
    struct schedule schedule; //
    struct {
        const char *sql;
        sqlite3_stmt *statement;
    } cache[SQL_CACHE];
    size_t cached;
};

/* Connects to the file if it is there: 1, or 0 when there is none, -1 with
 * err. For reading. */
int store_connect(struct store *store, struct error *err);

/* Opens the file of store->path and brings its schema up to date; what
 * store_connect() and store_begin() call once. With create the file is made
 * if need be. 1, 0 or -1 as above. */
int store_open_file(struct store *store, bool create, struct error *err);

/* Opens a copy to look at it: nothing is written, nor migrated. As above. */
int store_open_copy(struct store *copy, struct error *err);
void store_close_file(struct store *store);

/* Starts a write, making the file if need be; ends it. All between happens or
 * nothing does. store_end() commits when result is not negative, else rolls
 * back; it returns result, or -1 with err when the commit failed. */
int store_begin(struct store *store, struct error *err);
int store_end(struct store *store, int result, struct error *err);

/* Puts what SQLite complains of into err, and returns -1. */
int sql_fail(struct store *store, struct error *err);

/* Fails for a result code of a connection that may be gone. */
int sql_fail_code(const struct store *store, int code, const char *message,
                  struct error *err);

/* A statement, its parameters bound: types has a letter for each, 'd' int,
 * 'l' int64_t, 'r' double, 's' const char * (NULL becomes null; borrowed
 * until the statement is done). Borrowed; NULL with err on failure. */
sqlite3_stmt *sql_query(struct store *store, struct error *err,
                        const char *sql, const char *types, ...);

/* The next row: 1, or 0 at the end, -1 with err. The statement is done when
 * it returns anything but 1. */
int sql_next(struct store *store, sqlite3_stmt *statement, struct error *err);

/* Ends a query before its last row. */
void sql_done(sqlite3_stmt *statement);

/* Runs a statement that returns no row. 0 or -1. */
int sql_run(struct store *store, struct error *err, const char *sql,
            const char *types, ...);

/* Runs several statements without parameters. 0 or -1. */
int sql_script(struct store *store, const char *sql, struct error *err);

/* The whole number that a query of one column returns first; 0 and *number,
 * untouched when there is no row; or -1. */
int sql_number(struct store *store, struct error *err, const char *sql,
               int64_t *number);

/* A column's text, new; NULL for null. */
char *sql_text(sqlite3_stmt *statement, int column);

/* The newest schema; migrating to it within one transaction. */
int schema_newest(void);
int schema_migrate(struct store *store, int from, struct error *err);

/* Copies the open database into folder/backups as automatic copy (see
 * store.h); old automatic copies go. *copy (may be NULL) is its path, new. 0
 * or -1. */
int backup_automatic(struct store *store, int version, char **copy,
                     struct error *err);

/* The schedule of the profile, from its settings; borrowed. NULL with err. */
const struct schedule *settings_schedule(struct store *store,
                                         struct error *err);

/* Within a write: computes every card and counter anew from the log; *changed
 * is the number of cards whose due date became another. */
int review_rebuild(struct store *store, size_t *changed, struct error *err);
int lab_rebuild(struct store *store, struct error *err); // the same for labs

/* A random number that tells one row of a log from those of other logs. */
int64_t sql_new_uid(void);

/* Finds or makes the number that stands for a question id. 0 or -1. */
int question_key(struct store *store, const char *question_id, int64_t *key,
                 struct error *err);

#endif
