#include "grader/landlock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the headers of some machines. */
enum {
    ACCESS_TRUNCATE = 1 << 14,
    ACCESS_DEVICES = 1 << 15,
    TCP_BIND_AND_CONNECT = 3,
    SCOPE_SOCKETS_AND_SIGNALS = 3
};

struct attributes {
    uint64_t files, net, scopes;
};

enum {
    READ = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
           LANDLOCK_ACCESS_FS_READ_DIR,
    WRITE = READ | LANDLOCK_ACCESS_FS_WRITE_FILE |
            LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
            ACCESS_TRUNCATE
};

/* The number of the kernel's form of it, or -1. */
static int
version(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
                        LANDLOCK_CREATE_RULESET_VERSION);
}

/* What a form of it can take away from files. */
static uint64_t
file_rights(int form)
{
    uint64_t rights = LANDLOCK_ACCESS_FS_REFER - 1;
    rights |= form >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
    rights |= form >= 3 ? ACCESS_TRUNCATE : 0;
    return rights | (form >= 5 ? ACCESS_DEVICES : 0);
}

bool
landlock_works(void)
{
    return version() >= 1;
}

int
landlock_begin(void)
{
    int form = version();
    const struct attributes attributes = {
        .files = file_rights(form),
        .net = form >= 4 ? TCP_BIND_AND_CONNECT : 0,
        .scopes = form >= 6 ? SCOPE_SOCKETS_AND_SIGNALS : 0};
    size_t size = form >= 6   ? sizeof(attributes)
                  : form >= 4 ? 2 * sizeof(uint64_t)
                              : sizeof(uint64_t);
    return (int)syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
}

int
landlock_allow(int rules, int folder, enum landlock_use use)
{
    const struct landlock_path_beneath_attr rule = {
        .allowed_access =
            (use == LANDLOCK_WRITE ? WRITE : READ) & file_rights(version()),
        .parent_fd = folder};
    return (int)syscall(SYS_landlock_add_rule, rules,
                        LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

/* Whether a hidden folder is this one (1), or lies in it (2). */
static int
hides(const char *folder, const char *const *hidden)
{
    size_t length = strlen(folder);
    for (; hidden != NULL && *hidden != NULL; hidden++) {
        if (strncmp(folder, *hidden, length) == 0 &&
            ((*hidden)[length] == '/' || (*hidden)[length] == '\0')) {
            return (*hidden)[length] == '\0' ? 1 : 2;
        }
    }
    return 0;
}

/* Allows each part of a folder by itself. */
static int
allow_parts(int rules, const char *folder, const char *const *hidden)
{
    DIR *parts = opendir(folder);
    const struct dirent *part = NULL;
    int result = 0;
    while (parts != NULL && (part = readdir(parts)) != NULL) {
        char path[PATH_MAX];
        if (strcmp(part->d_name, ".") != 0 &&
            strcmp(part->d_name, "..") != 0 && part->d_type == DT_DIR &&
            snprintf(path, sizeof(path), "%s/%s", folder, part->d_name) <
                (int)sizeof(path)) {
            result |= landlock_allow_around(rules, path, hidden);
        }
    }
    if (parts != NULL) {
        closedir(parts);
    }
    return result;
}

int
landlock_allow_around(int rules, const char *folder, const char *const *hidden)
{
    switch (hides(folder, hidden)) {
    case 1:
        return 0;
    case 2:
        return allow_parts(rules, folder, hidden);
    default:
        break;
    }
    int place = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (place < 0) {
        return 0;
    }
    int result = landlock_allow(rules, place, LANDLOCK_READ);
    close(place);
    return result;
}

int
landlock_enter(int rules)
{
    int result = (int)syscall(SYS_landlock_restrict_self, rules, 0);
    int number = errno;
    close(rules);
    errno = number;
    return result;
}
