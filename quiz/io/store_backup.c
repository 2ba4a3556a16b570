/* Copies of the whole file, by SQLite's online backup: consistent whatever
 * another program writes meanwhile. A copy is one file (no WAL beside it),
 * complete under its name or not there at all. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "quiz/core/calendar.h"
#include "quiz/core/error.h"
#include "quiz/core/lang.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/paths.h"
#include "quiz/io/store.h"
#include "quiz/io/store_sql.h"

enum {
    KEPT_COPIES = 5,
    COPY_TIMEOUT_MS = 10000
};

static const char AUTOMATIC_PREFIX[] = "progress-v";

/* All pages of one database into another, in one go. */
static int
copy_pages(sqlite3 *to, sqlite3 *from)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup == NULL) {
        return sqlite3_extended_errcode(to);
    }
    int code = SQLITE_BUSY;
    for (int waited_ms = 0; (code == SQLITE_BUSY || code == SQLITE_LOCKED) &&
                            waited_ms <= COPY_TIMEOUT_MS;
         waited_ms += 10) {
        code = sqlite3_backup_step(backup, -1);
        if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
            sqlite3_sleep(10);
        }
    }
    int finished = sqlite3_backup_finish(backup);
    return code == SQLITE_DONE ? finished : code;
}

/* Writes the copy to path, which must not be there yet. */
static int
write_copy(struct store *store, const char *path, struct error *err)
{
    sqlite3 *copy = NULL;
    int code = sqlite3_open_v2(path, &copy,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                                   SQLITE_OPEN_EXRESCODE,
                               NULL);
    if (code == SQLITE_OK) {
        code = copy_pages(copy, store->db);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_exec(copy, "PRAGMA journal_mode = DELETE", NULL, NULL,
                            NULL);
    }
    int result = 0;
    if (code != SQLITE_OK) {
        result = error_set_status(err, EXIT_STATUS_MACHINE,
                                  tr("cannot write the copy '%s': %s"), path,
                                  sqlite3_errstr(code));
    }
    sqlite3_close(copy);
    return result;
}

/* Whether two paths name one file. */
static bool
same_file(const char *a, const char *b)
{
    struct stat left;
    struct stat right;
    return stat(a, &left) == 0 && stat(b, &right) == 0 &&
           left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

int
store_backup(struct store *store, const char *path, struct error *err)
{
    int connected = store_connect(store, err);
    if (connected < 0) {
        return -1;
    }
    if (connected == 0) {
        return error_set(err, tr("there is no progress to copy yet"));
    }
    if (same_file(store->path, path)) {
        return error_set(err, tr("'%s' is the present progress"), path);
    }
    char *temporary = xasprintf("%s.%ld.part", path, (long)getpid());
    unlink(temporary);
    int result = write_copy(store, temporary, err);
    if (result == 0 && rename(temporary, path) != 0) {
        result = error_set_status(err, EXIT_STATUS_MACHINE,
                                  tr("cannot write the copy '%s': %s"), path,
                                  strerror(errno));
    }
    if (result != 0) {
        unlink(temporary);
    }
    free(temporary);
    return result;
}

static int
is_automatic(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');
    return strncmp(entry->d_name, AUTOMATIC_PREFIX,
                   sizeof(AUTOMATIC_PREFIX) - 1) == 0 &&
           end != NULL && strcmp(end, ".db") == 0;
}

/* By the time in the name, whatever the version before it. */
static int
by_time(const struct dirent **a, const struct dirent **b)
{
    const char *a_time = strchr((*a)->d_name + sizeof(AUTOMATIC_PREFIX), '-');
    const char *b_time = strchr((*b)->d_name + sizeof(AUTOMATIC_PREFIX), '-');
    return strcmp(a_time != NULL ? a_time : "", b_time != NULL ? b_time : "");
}

/* Keeps the newest automatic copies. */
static void
forget_old_copies(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_automatic, by_time);
    for (int i = 0; i < count; i++) {
        if (i < count - KEPT_COPIES) {
            char *path = paths_join(folder, entries[i]->d_name);
            unlink(path);
            free(path);
        }
        free(entries[i]);
    }
    free(entries);
}

/* "2026-01-31T090500.123Z": now, as part of a file's name. */
static void
time_for_a_name(char text[CALENDAR_TEXT_BYTES])
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    char whole[CALENDAR_TEXT_BYTES];
    calendar_format((int64_t)now.tv_sec * 1000, whole);
    size_t length = 0;
    for (const char *at = whole; *at != '\0' && *at != 'Z'; at++) {
        if (*at != ':') {
            text[length++] = *at;
        }
    }
    snprintf(text + length, CALENDAR_TEXT_BYTES - length, ".%03ldZ",
             now.tv_nsec / 1000000);
}

int
backup_automatic(struct store *store, int version, char **copy,
                 struct error *err)
{
    char time[CALENDAR_TEXT_BYTES];
    time_for_a_name(time);
    char *folder = paths_join(store->folder, "backups");
    char *path =
        xasprintf("%s/%s%d-%s.db", folder, AUTOMATIC_PREFIX, version, time);
    int result = paths_make_folder(folder, err);
    if (result == 0) {
        result = store_backup(store, path, err);
    }
    if (result == 0) {
        forget_old_copies(folder);
    }
    if (result == 0 && copy != NULL) {
        *copy = path;
        path = NULL;
    }
    free(path);
    free(folder);
    return result;
}

/* --- checking and restoring ---------------------------------------------- */

int
store_check(struct store *store, struct error *err)
{
    int connected = store_connect(store, err);
    if (connected <= 0) {
        return connected;
    }
    sqlite3_stmt *row = sql_query(store, err, "PRAGMA integrity_check(1)", "");
    if (row == NULL || sql_next(store, row, err) < 0) {
        return -1;
    }
    char *verdict = sql_text(row, 0);
    sql_done(row);
    int result = 0;
    if (strcmp(verdict, "ok") != 0) {
        result = sql_fail_code(store, SQLITE_CORRUPT, verdict, err);
    }
    free(verdict);
    int64_t orphans = 0;
    if (result == 0) {
        result = sql_number(store, err,
                            "SELECT count(*) FROM pragma_foreign_key_check",
                            &orphans);
    }
    if (result == 0 && orphans > 0) {
        result = sql_fail_code(store, SQLITE_CORRUPT,
                               tr("rows refer to rows that are missing"), err);
    }
    return result;
}

/* Opens the copy to be restored, read-only, and makes sure that it is whole.
 * store is zeroed before; close it with store_close_file() in any case. */
static int
open_copy(struct store *copy, const char *path, struct error *err)
{
    copy->path = xstrdup(path);
    copy->folder = xstrdup(".");
    int result = store_open_copy(copy, err);
    if (result == 0) {
        return error_set(err, tr("'%s' holds no progress"), path);
    }
    return result < 0 ? -1 : store_check(copy, err);
}

/* Moves what is at the store's path out of the way, with what SQLite keeps
 * beside it: a WAL left there would be taken for that of the next file. *kept
 * is where the file itself went, new, if there was one. */
static int
set_aside(const struct store *store, char **kept, struct error *err)
{
    static const char *const PARTS[] = {"-wal", "-shm", ""};
    char time[CALENDAR_TEXT_BYTES];
    time_for_a_name(time);
    char *folder = paths_join(store->folder, "backups");
    char *target = xasprintf("%s/progress-damaged-%s.db", folder, time);
    int result = paths_make_folder(folder, err);
    for (size_t i = 0; result == 0 && i < sizeof(PARTS) / sizeof(*PARTS);
         i++) {
        char *from = xasprintf("%s%s", store->path, PARTS[i]);
        char *to = xasprintf("%s%s", target, PARTS[i]);
        if (rename(from, to) == 0) {
            *kept = PARTS[i][0] == '\0' ? xstrdup(target) : NULL;
        }
        else if (errno != ENOENT) {
            result = error_set_status(err, EXIT_STATUS_MACHINE,
                                      tr("cannot move '%s': %s"), from,
                                      strerror(errno));
        }
        free(from);
        free(to);
    }
    free(target);
    free(folder);
    return result;
}

/* Over a store that works: through SQLite, so that another Ouro that has it
 * open sees the change and nothing is torn. */
static int
restore_over(struct store *store, struct store *copy, char **kept,
             struct error *err)
{
    int64_t version = 0;
    if (sql_number(store, err, "PRAGMA user_version", &version) != 0 ||
        backup_automatic(store, (int)version, kept, err) != 0) {
        return -1;
    }
    if (store->read_only) {
        return sql_fail_code(store, SQLITE_READONLY,
                             sqlite3_errstr(SQLITE_READONLY), err);
    }
    int code = copy_pages(store->db, copy->db);
    return code == SQLITE_OK
               ? 0
               : sql_fail_code(store, code, sqlite3_errstr(code), err);
}

/* In the place of nothing, or of what cannot be read. */
static int
restore_afresh(const struct store *place, struct store *copy, char **kept,
               struct error *err)
{
    if (set_aside(place, kept, err) != 0) {
        return -1;
    }
    return store_backup(copy, place->path, err);
}

/* Puts the copy in place, whatever is there. */
static int
restore_copy(const struct store *place, struct store *copy, char **kept,
             struct error *err)
{
    struct store *present = NULL;
    struct error broken;
    if (store_open(&present, place->folder, &broken) != 0 &&
        broken.status != EXIT_STATUS_CONTENT) {
        *err = broken; // it may well be whole, but cannot be reached
        return -1;
    }
    int result = present != NULL && store_exists(present)
                     ? restore_over(present, copy, kept, err)
                     : restore_afresh(place, copy, kept, err);
    store_close(present);
    return result;
}

int
store_restore(const char *data_folder, const char *path, char **kept,
              struct error *err)
{
    struct store copy = {0};
    struct store place = {.folder = xstrdup(data_folder),
                          .path = paths_join(data_folder, "progress.db")};
    char *aside = NULL;
    int result = same_file(place.path, path)
                     ? error_set(err, tr("'%s' is the present progress"), path)
                     : open_copy(&copy, path, err);
    if (result == 0) {
        result = restore_copy(&place, &copy, &aside, err);
    }
    if (result == 0) { // brings a copy of an older format up to date
        struct store *restored = NULL;
        result = store_open(&restored, data_folder, err);
        store_close(restored);
    }
    if (result == 0) {
        *kept = aside;
        aside = NULL;
    }
    free(aside);
    store_close_file(&copy);
    free(copy.path);
    free(copy.folder);
    free(place.path);
    free(place.folder);
    return result;
}
