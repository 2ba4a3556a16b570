#include "grader/keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "grader/buffer.h"
#include "grader/sha256.h"

enum {
    KEY_BYTES = 180,         // with a suffix it still is a file name
    RECORD_BYTES = 64 << 20, // 128 cases with texts of 64 KiB
    STALE_S = 3600           // nobody writes at a file for so long
};

#define UNFINISHED ".unfinished-"

static int
complain(char *reason, size_t reason_size, const char *path)
{
    snprintf(reason, reason_size, "cannot write '%s': %s", path,
             strerror(errno));
    return -1;
}

/* Removes what a call that was killed has left half written. */
static void
remove_stale(const char *folder)
{
    DIR *entries = opendir(folder);
    struct dirent *entry = NULL;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        struct stat about;
        if (strncmp(entry->d_name, UNFINISHED, strlen(UNFINISHED)) == 0 &&
            fstatat(dirfd(entries), entry->d_name, &about,
                    AT_SYMLINK_NOFOLLOW) == 0 &&
            about.st_mtime < time(NULL) - STALE_S) {
            unlinkat(dirfd(entries), entry->d_name, 0);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
}

int
keep_open(const char *folder, char *reason, size_t reason_size)
{
    char *path = strdup(folder);
    for (char *at = path; at != NULL; *at = '/') {
        at = strchr(at + 1, '/');
        if (at != NULL) {
            *at = '\0';
        }
        if (mkdir(path, 0777) != 0 && errno != EEXIST) {
            complain(reason, reason_size, path);
            free(path);
            return -1;
        }
        if (at == NULL) {
            break;
        }
    }
    free(path);
    struct stat about;
    if (stat(folder, &about) != 0 || !S_ISDIR(about.st_mode)) {
        errno = ENOTDIR;
        return complain(reason, reason_size, folder);
    }
    remove_stale(folder);
    return 0;
}

char *
keep_key(const char *name)
{
    while (strncmp(name, "./", 2) == 0 || name[0] == '/') {
        name += name[0] == '/' ? 1 : 2;
    }
    size_t length = strlen(name);
    char hex[65] = "";
    char *key = NULL;
    if (length > KEY_BYTES) {
        sha256_hex(name, length, hex);
        hex[16] = '\0';
    }
    // Nothing that is kept begins with a dot.
    if (asprintf(&key, "%s%.*s%s", name[0] == '.' ? "_" : "", KEY_BYTES, name,
                 hex) < 0) {
        abort();
    }
    for (char *at = key; (at = strchr(at, '/')) != NULL;) {
        *at = '_';
    }
    return key;
}

static char *
path_of(const char *folder, const char *key, const char *suffix)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s%s", folder, key, suffix) < 0) {
        abort();
    }
    return path;
}

bool
keep_has(const char *folder, const char *key, const char *suffix)
{
    char *path = path_of(folder, key, suffix);
    bool has = access(path, F_OK) == 0;
    free(path);
    return has;
}

void
keep_remove(const char *folder, const char *key, const char *suffix)
{
    char *path = path_of(folder, key, suffix);
    unlink(path);
    free(path);
}

// --- whole or not at all ---------------------------------------------------

static int
write_all(int file, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file, bytes, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return -1;
        }
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

/* A file beside the one that it will become, with these bytes. Its name, new,
 * or NULL with errno. */
static char *
write_beside(const char *folder, const char *bytes, size_t length)
{
    char *path = path_of(folder, UNFINISHED, "XXXXXX");
    int file = mkstemp(path);
    mode_t mask = umask(0);
    umask(mask);
    if (file < 0 || write_all(file, bytes, length) != 0 ||
        fchmod(file, 0666 & ~mask) != 0) {
        int number = errno;
        if (file >= 0) {
            close(file);
            unlink(path);
        }
        free(path);
        errno = number;
        return NULL;
    }
    close(file);
    return path;
}

int
keep_write(const char *folder, const char *key, const char *suffix,
           const char *bytes, size_t length, char *reason, size_t reason_size)
{
    char *path = path_of(folder, key, suffix);
    char *beside = write_beside(folder, bytes, length);
    int result = 0;
    if (beside == NULL || rename(beside, path) != 0) {
        result = complain(reason, reason_size, path);
        if (beside != NULL) {
            unlink(beside);
        }
    }
    free(beside);
    free(path);
    return result;
}

// --- seed ------------------------------------------------------------------

/* Reads the seed of an earlier call, if there is one. */
static bool
read_seed(const char *path, uint64_t *seed)
{
    uint64_t found = 0;
    FILE *file = fopen(path, "re");
    bool read = file != NULL && fscanf(file, "%" SCNu64, &found) == 1;
    if (file != NULL) {
        fclose(file);
    }
    if (read) {
        *seed = found;
    }
    return read;
}

int
keep_seed(const char *folder, uint64_t *seed, bool is_given, char *reason,
          size_t reason_size)
{
    char text[32];
    int length = snprintf(text, sizeof(text), "%" PRIu64 "\n", *seed);
    if (is_given) {
        return keep_write(folder, "seed", "", text, (size_t)length, reason,
                          reason_size);
    }
    char *path = path_of(folder, "seed", "");
    int result = 0;
    if (!read_seed(path, seed)) {
        // A link is made by the first of several calls, and by no other.
        char *beside = write_beside(folder, text, (size_t)length);
        if (beside == NULL || (link(beside, path) != 0 && errno != EEXIST) ||
            !read_seed(path, seed)) {
            result = complain(reason, reason_size, path);
        }
        if (beside != NULL) {
            unlink(beside);
        }
        free(beside);
    }
    free(path);
    return result;
}

// --- records ---------------------------------------------------------------

bool
record_parse(const char *bytes, size_t length, struct record *record)
{
    json_t *document = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, NULL);
    const char *verdict = NULL;
    const char *fingerprint = NULL;
    struct record found = {0};
    bool whole =
        document != NULL &&
        json_unpack(document, "{s:s, s:s, s:i, s:i, s:{s:F}}", "verdict",
                    &verdict, "fingerprint", &fingerprint, "score",
                    &found.score, "max_score", &found.max_score, "timing_ms",
                    "total", &found.time_ms) == 0 &&
        strlen(verdict) < sizeof(found.verdict) &&
        strlen(fingerprint) < sizeof(found.fingerprint);
    if (whole) {
        memcpy(found.verdict, verdict, strlen(verdict) + 1);
        memcpy(found.fingerprint, fingerprint, strlen(fingerprint) + 1);
        *record = found;
    }
    json_decref(document);
    return whole;
}

bool
keep_read(const char *folder, const char *key, struct record *record)
{
    struct buffer text = {0};
    char *path = path_of(folder, key, ".json");
    bool whole = buffer_read_file(&text, path, RECORD_BYTES) == 0 &&
                 record_parse(buffer_string(&text), text.length, record);
    buffer_release(&text);
    free(path);
    return whole;
}
