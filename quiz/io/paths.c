#include "quiz/io/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quiz/core/error.h"
#include "quiz/core/lang.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"

char *
paths_join(const char *folder, const char *name)
{
    return xasprintf("%s/%s", folder, name);
}

static bool
is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The folder of the running program, new, or NULL. */
static char *
program_folder(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (length <= 0) {
        return NULL;
    }
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return NULL;
    }
    *slash = '\0';
    return xstrdup(path);
}

/* build/MODE/ouro, with the source tree two folders up. */
static bool
find_in_build_tree(struct paths *paths, const char *folder)
{
    char *root = xasprintf("%s/../..", folder);
    char *content = paths_join(root, "content/questions");
    bool found = is_folder(content);
    if (found) {
        paths->content = paths_join(root, "content");
        paths->labs = paths_join(root, "labs");
        paths->artifacts = paths_join(folder, "labs");
        paths->include = paths_join(folder, "labs/include");
        paths->locale = paths_join(folder, "locale");
    }
    free(content);
    free(root);
    return found;
}

/* PREFIX/bin/ouro. */
static bool
find_installed(struct paths *paths, const char *folder)
{
    char *share = xasprintf("%s/../share/ouro", folder);
    char *content = paths_join(share, "content/questions");
    bool found = is_folder(content);
    if (found) {
        paths->content = paths_join(share, "content");
        paths->labs = paths_join(share, "labs");
        paths->artifacts = xasprintf("%s/../lib/ouro/labs", folder);
        paths->include = paths_join(share, "include");
        paths->locale = xasprintf("%s/../share/locale", folder);
    }
    free(content);
    free(share);
    return found;
}

/* An XDG base folder: the variable if it is set and absolute, as the
 * specification asks, else the default below the home. NULL without either. */
static char *
xdg_folder(const char *variable, const char *below_home)
{
    const char *value = getenv(variable);
    if (value != NULL && value[0] == '/') {
        return paths_join(value, "ouro");
    }
    const char *home = getenv("HOME");
    if (home == NULL || home[0] != '/') {
        return NULL;
    }
    return xasprintf("%s/%s/ouro", home, below_home);
}

static int
find_own_files(struct paths *paths, const char *profile, struct error *err)
{
    if (profile != NULL) {
        paths->data = xstrdup(profile);
        paths->state = xstrdup(profile);
        paths->cache = xstrdup(profile);
        return 0;
    }
    paths->data = xdg_folder("XDG_DATA_HOME", ".local/share");
    paths->state = xdg_folder("XDG_STATE_HOME", ".local/state");
    paths->cache = xdg_folder("XDG_CACHE_HOME", ".cache");
    if (paths->data == NULL || paths->state == NULL) {
        return error_set_status(
            err, EXIT_STATUS_MACHINE,
            tr("no home folder is known: set HOME, or say --profile DIR"));
    }
    return 0;
}

int
paths_find(struct paths *paths, const char *profile, struct error *err)
{
    struct paths found = {0};
    char *folder = program_folder();
    if (folder == NULL || (!find_in_build_tree(&found, folder) &&
                           !find_installed(&found, folder))) {
        error_set_status(err, EXIT_STATUS_MACHINE,
                         tr("cannot find the questions near '%s': install "
                            "Ouro again, or run it from its build folder"),
                         folder != NULL ? folder : "/proc/self/exe");
        free(folder);
        return -1;
    }
    free(folder);
    if (find_own_files(&found, profile, err) != 0) {
        paths_release(&found);
        return -1;
    }
    *paths = found;
    return 0;
}

void
paths_release(struct paths *paths)
{
    free(paths->content);
    free(paths->labs);
    free(paths->artifacts);
    free(paths->include);
    free(paths->locale);
    free(paths->data);
    free(paths->state);
    free(paths->cache);
    *paths = (struct paths){0};
}

int
paths_make_folder(const char *folder, struct error *err)
{
    char *path = xstrdup(folder);
    int result = 0;
    for (char *end = path; result == 0 && end != NULL;) {
        end = strchr(end + 1, '/');
        if (end != NULL) {
            *end = '\0';
        }
        if (mkdir(path, 0700) != 0 && errno != EEXIST && !is_folder(path)) {
            result = error_set(err, tr("cannot create folder '%s': %s"), path,
                               strerror(errno));
        }
        if (end != NULL) {
            *end = '/';
        }
    }
    if (result == 0 && !is_folder(folder)) {
        result = error_set(err, tr("'%s' is not a folder"), folder);
    }
    free(path);
    return result;
}

int
paths_read_file(const char *path, size_t limit_bytes, char **bytes,
                size_t *length, struct error *err)
{
    struct text content = {0};
    int result = -1;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return error_set(err, tr("cannot open '%s': %s"), path,
                         strerror(errno));
    }
    char block[16384];
    ssize_t got = 0;
    while ((got = read(file, block, sizeof(block))) != 0) {
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            error_set(err, tr("cannot read '%s': %s"), path, strerror(errno));
            goto out;
        }
        text_add_bytes(&content, block, (size_t)got);
        if (content.length > limit_bytes) {
            error_set(err, tr("'%s' is larger than %zu bytes"), path,
                      limit_bytes);
            goto out;
        }
    }
    *length = content.length;
    *bytes = text_steal(&content);
    result = 0;
out:
    close(file);
    text_release(&content);
    return result;
}

int
paths_may_create(const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL   ? xstrdup(".")
                   : slash == path ? xstrdup("/")
                                   : xstrndup(path, (size_t)(slash - path));
    int result = access(folder, W_OK | X_OK) == 0
                     ? 0
                     : error_set(err, tr("cannot write '%s': %s"), path,
                                 strerror(errno));
    free(folder);
    return result;
}

static int
write_all(int file, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file, bytes, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return -1;
        }
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

int
paths_write_file(const char *path, const char *bytes, size_t length,
                 struct error *err)
{
    char *temporary = xasprintf("%s.XXXXXX", path);
    int result = 0;
    int file = mkostemp(temporary, O_CLOEXEC);
    if (file < 0) {
        result = error_set(err, tr("cannot create '%s': %s"), temporary,
                           strerror(errno));
        free(temporary);
        return result;
    }
    mode_t mask = umask(0);
    umask(mask);
    if (write_all(file, bytes, length) != 0 ||
        fchmod(file, 0666 & ~mask) != 0 || fsync(file) != 0 ||
        rename(temporary, path) != 0) {
        result =
            error_set(err, tr("cannot write '%s': %s"), path, strerror(errno));
        unlink(temporary);
    }
    close(file);
    free(temporary);
    return result;
}
