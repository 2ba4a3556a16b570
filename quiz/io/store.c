/* Store: opening, making and migrating the file, and transactions.
 *
 * Two programs may start at once. Whoever makes or migrates the file does so
 * within BEGIN IMMEDIATE and looks at the version again once inside; writers
 * wait for each other (busy timeout), readers wait for nobody (WAL). */
#include "quiz/io/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quiz/core/error.h"
#include "quiz/core/lang.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/paths.h"
#include "quiz/io/store_sql.h"

enum {
    BUSY_TIMEOUT_MS = 10000,
    APPLICATION_ID = 0x4F75726F // "Ouro"
};

int
store_open(struct store **store, const char *data_folder, struct error *err)
{
    struct stat status;
    if (stat(data_folder, &status) == 0 && !S_ISDIR(status.st_mode)) {
        return error_set_status(err, EXIT_STATUS_MACHINE,
                                tr("'%s' is not a folder"), data_folder);
    }
    struct store *opened = xcalloc(1, sizeof(*opened));
    opened->folder = xstrdup(data_folder);
    opened->path = paths_join(data_folder, "progress.db");
    if (store_connect(opened, err) < 0) {
        store_close(opened);
        return -1;
    }
    *store = opened;
    return 0;
}

void
store_close_file(struct store *store)
{
    for (size_t i = 0; i < store->cached; i++) {
        sqlite3_finalize(store->cache[i].statement);
    }
    store->cached = 0;
    sqlite3_close(store->db);
    store->db = NULL;
    store->wal_checked = false;
    store->has_schedule = false;
}

void
store_close(struct store *store)
{
    if (store != NULL) {
        store_close_file(store);
        free(store->path);
        free(store->folder);
        free(store);
    }
}

int
store_connect(struct store *store, struct error *err)
{
    return store->db != NULL ? 1 : store_open_file(store, false, err);
}

bool
store_exists(struct store *store)
{
    struct error err;
    return store_connect(store, &err) == 1;
}

/* "file:" and the path with what a URI would misread escaped; new. */
static char *
uri_of(const char *path, const char *query)
{
    struct text uri = {0};
    text_add(&uri, "file:");
    for (const char *at = path; *at != '\0'; at++) {
        if (strchr("%?#", *at) != NULL) {
            text_add_format(&uri, "%%%02X", (unsigned)(unsigned char)*at);
        }
        else {
            text_add_char(&uri, *at);
        }
    }
    text_add(&uri, query);
    return text_steal(&uri);
}

static int
open_database(struct store *store, const char *name, int flags,
              struct error *err)
{
    int code = sqlite3_open_v2(
        name, &store->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
        NULL);
    if (code != SQLITE_OK) {
        sql_fail_code(store, code,
                      store->db != NULL ? sqlite3_errmsg(store->db)
                                        : sqlite3_errstr(code),
                      err);
        store_close_file(store);
        return -1;
    }
    sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    return 0;
}

/* What a file says of itself. */
struct file_state {
    int64_t version, application;
    int64_t objects; // 0: just made, or left by who could not finish making it
};

/* The first read of the file, all at one moment: another program may be making
 * it just now. */
static int
read_state(struct store *store, struct file_state *file, struct error *err)
{
    if (sql_script(store,
                   "PRAGMA foreign_keys = ON;"
                   "PRAGMA synchronous = FULL;"
                   "PRAGMA temp_store = MEMORY;"
                   "BEGIN",
                   err) != 0) {
        return -1;
    }
    int result = sql_number(store, err, "PRAGMA user_version", &file->version);
    if (result == 0) {
        result = sql_number(store, err, "PRAGMA application_id",
                            &file->application);
    }
    if (result == 0) {
        result = sql_number(store, err, "SELECT count(*) FROM sqlite_schema",
                            &file->objects);
    }
    return store_end(store, result, err);
}

/* Whether answers wait in the write-ahead log of a program that died: a reader
 * who passes it over would see an older state. */
static bool
has_wal(const struct store *store)
{
    char *path = xasprintf("%s-wal", store->path);
    struct stat status;
    bool there = stat(path, &status) == 0 && status.st_size > 0;
    free(path);
    return there;
}

/* A folder that cannot be written has no room for the files that a reader of
 * a WAL database shares with others; nobody writes there either, so the file
 * can be read as one that does not change. */
static int
reopen_unchanging(struct store *store, struct file_state *file,
                  struct error *err)
{
    char *uri = uri_of(store->path, "?immutable=1");
    store_close_file(store);
    int result =
        open_database(store, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    free(uri);
    return result != 0 ? -1 : read_state(store, file, err);
}

/* WAL is a property of the file; set again in case the file is a copy that a
 * person put there. Changing it needs the file alone and is not waited for by
 * the busy timeout, hence the loop. */
static int
ensure_wal(struct store *store, struct error *err)
{
    for (int waited_ms = 0; !store->wal_checked; waited_ms += 10) {
        int code = sqlite3_exec(store->db, "PRAGMA journal_mode = WAL", NULL,
                                NULL, NULL);
        if (code == SQLITE_OK) {
            store->wal_checked = true;
        }
        else if ((code & 0xFF) != SQLITE_BUSY ||
                 waited_ms >= BUSY_TIMEOUT_MS) {
            return sql_fail(store, err);
        }
        else {
            sqlite3_sleep(10);
        }
    }
    return 0;
}

/* 0, or -1 for a file that is not ours or of a newer program. */
static int
check_version(const struct store *store, const struct file_state *file,
              struct error *err)
{
    if (file->application != APPLICATION_ID) {
        return error_set(err,
                         tr("'%s' is the database of another program; it is "
                            "left as it is"),
                         store->path);
    }
    if (file->version > schema_newest()) {
        return error_set(err,
                         tr("'%s' was written by a newer Ouro (format %d; "
                            "this one knows %d): install the newer one"),
                         store->path, (int)file->version, schema_newest());
    }
    return 0;
}

/* Brings the schema up to date; version is what was found outside. */
static int
migrate(struct store *store, int64_t version, struct error *err)
{
    if (store->read_only) {
        return error_set_status(
            err, EXIT_STATUS_MACHINE,
            tr("'%s' is of an older Ouro and cannot be brought up to date: "
               "it cannot be written"),
            store->path);
    }
    if (version > 0 && backup_automatic(store, (int)version, NULL, err) != 0) {
        return -1;
    }
    if (ensure_wal(store, err) != 0 ||
        sql_script(store, "BEGIN IMMEDIATE", err) != 0) {
        return -1;
    }
    int64_t now = 0;
    int result = sql_number(store, err, "PRAGMA user_version", &now);
    if (result == 0 && now < schema_newest()) {
        result = schema_migrate(store, (int)now, err);
    }
    return store_end(store, result, err);
}

static int
accept_file(struct store *store, bool create, struct error *err)
{
    struct file_state file;
    struct error first;
    if (read_state(store, &file, &first) != 0) {
        if (access(store->folder, W_OK) == 0 || has_wal(store)) {
            *err = first;
            return -1;
        }
        if (reopen_unchanging(store, &file, err) != 0) {
            return -1;
        }
    }
    store->read_only = sqlite3_db_readonly(store->db, "main") == 1;
    if (file.version == 0 && file.application == 0 && file.objects == 0) {
        return !create ? 0 : migrate(store, 0, err) == 0 ? 1 : -1;
    }
    if (check_version(store, &file, err) != 0) {
        return -1;
    }
    if (file.version < schema_newest() &&
        migrate(store, file.version, err) != 0) {
        return -1;
    }
    return 1;
}

int
store_open_file(struct store *store, bool create, struct error *err)
{
    struct stat status;
    bool missing = stat(store->path, &status) != 0;
    if (missing && errno != ENOENT && errno != ENOTDIR) {
        return error_set_status(err, EXIT_STATUS_MACHINE,
                                tr("cannot open '%s': %s"), store->path,
                                strerror(errno));
    }
    if (!create && (missing || status.st_size == 0)) {
        return 0;
    }
    if (create && paths_make_folder(store->folder, err) != 0) {
        err->status = EXIT_STATUS_MACHINE;
        return -1;
    }
    int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
    if (open_database(store, store->path, flags, err) != 0) {
        return -1;
    }
    int result = accept_file(store, create, err);
    if (result != 1) {
        store_close_file(store);
    }
    return result;
}

int
store_open_copy(struct store *copy, struct error *err)
{
    struct file_state file;
    if (access(copy->path, R_OK) != 0) {
        return error_set(err, tr("cannot open '%s': %s"), copy->path,
                         strerror(errno));
    }
    if (open_database(copy, copy->path, SQLITE_OPEN_READONLY, err) != 0 ||
        read_state(copy, &file, err) != 0) {
        return -1;
    }
    copy->read_only = true;
    if (file.objects == 0) {
        return 0;
    }
    return check_version(copy, &file, err) != 0 ? -1 : 1;
}

/* 0 as long as the open file is the one that the path names. */
static int
check_in_place(struct store *store, struct error *err)
{
    int moved = 0;
    sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved) {
        return error_set_status(err, EXIT_STATUS_MACHINE,
                                tr("'%s' was taken away while Ouro was "
                                   "running: the last change is not saved"),
                                store->path);
    }
    return 0;
}

int
store_begin(struct store *store, struct error *err)
{
    if (store->db == NULL && store_open_file(store, true, err) < 0) {
        return -1;
    }
    if (store->read_only) {
        return error_set_status(
            err, EXIT_STATUS_MACHINE,
            tr("cannot save to '%s': it cannot be written"), store->path);
    }
    if (ensure_wal(store, err) != 0 || check_in_place(store, err) != 0) {
        return -1;
    }
    store->has_schedule = false; // another program may have changed it
    return sql_run(store, err, "BEGIN IMMEDIATE", "");
}

int
store_end(struct store *store, int result, struct error *err)
{
    if (result >= 0 && sql_run(store, err, "COMMIT", "") != 0) {
        result = -1;
    }
    if (result < 0) {
        if (!sqlite3_get_autocommit(store->db)) {
            sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
        }
        return result;
    }
    return check_in_place(store, err) != 0 ? -1 : result;
}
