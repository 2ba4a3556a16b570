#include "grader/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Writes to a file of a group; false when it cannot be. */
static bool
set(const struct cgroup *group, const char *file, const char *text)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof(path), "%s/%s", group->path, file);
    int out = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t length = (ssize_t)strlen(text);
    bool done = out >= 0 && write(out, text, (size_t)length) == length;
    if (out >= 0) {
        close(out);
    }
    return done;
}

static bool
set_number(const struct cgroup *group, const char *file, int64_t number)
{
    char text[32];
    snprintf(text, sizeof(text), "%" PRId64, number);
    return set(group, file, text);
}

/* Where version 2 is mounted: "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 ...".
 * False if it is not. */
static bool
find_mount(char *path, size_t room)
{
    char line[4096];
    bool found = false;
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    while (mounts != NULL && !found &&
           fgets(line, sizeof(line), mounts) != NULL) {
        char root[1024];
        char point[1024];
        found = strstr(line, " - cgroup2 ") != NULL &&
                sscanf(line, "%*s %*s %*s %1023s %1023s", root, point) == 2 &&
                strcmp(root, "/") == 0 &&
                snprintf(path, room, "%s", point) < (int)room;
    }
    if (mounts != NULL) {
        fclose(mounts);
    }
    return found;
}

/* The group that this process is in, "/user.slice/..."; "" if in none. */
static void
find_own(char *path, size_t room)
{
    char line[PATH_MAX + 8];
    FILE *groups = fopen("/proc/self/cgroup", "re");
    path[0] = '\0';
    while (groups != NULL && fgets(line, sizeof(line), groups) != NULL) {
        if (strncmp(line, "0::/", 4) == 0) {
            size_t length = strcspn(line + 3, "\n");
            length = length < room ? length : 0;
            memcpy(path, line + 3, length);
            path[length] = '\0';
        }
    }
    if (groups != NULL) {
        fclose(groups);
    }
}

/* Whether groups in a folder can limit memory and processes. */
static bool
hands_limits_on(const char *folder)
{
    char path[PATH_MAX + 2048];
    char words[512] = "";
    snprintf(path, sizeof(path), "%s/cgroup.subtree_control", folder);
    FILE *file = fopen(path, "re");
    bool read = file != NULL && fgets(words, sizeof(words), file) != NULL;
    if (file != NULL) {
        fclose(file);
    }
    return read && strstr(words, "memory") != NULL &&
           strstr(words, "pids") != NULL;
}

/* Takes away what those have left who were killed. */
static void
sweep(const char *folder)
{
    DIR *entries = opendir(folder);
    const struct dirent *entry = NULL;
    int maker = 0;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (sscanf(entry->d_name, "ouro-%d-", &maker) == 1 && maker > 0 &&
            kill(maker, 0) != 0 && errno == ESRCH) {
            unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
}

/* Makes a group in a folder; false when that may not be. */
static bool
make_in(struct cgroup *group, const char *folder)
{
    static _Atomic unsigned count;
    unsigned number = atomic_fetch_add(&count, 1);
    if (number == 0) {
        sweep(folder);
    }
    return snprintf(group->path, sizeof(group->path), "%s/ouro-%d-%u", folder,
                    (int)getpid(), number) < (int)sizeof(group->path) &&
           mkdir(group->path, 0755) == 0;
}

static void
set_limits(const struct cgroup *group, const struct cgroup_limits *limits)
{
    set_number(group, "pids.max", limits->processes);
    if (limits->memory_bytes > 0) {
        set_number(group, "memory.max", limits->memory_bytes);
        set(group, "memory.swap.max", "0");
        set(group, "memory.oom.group", "1");
    }
    if (limits->processors > 0) {
        char text[32];
        snprintf(text, sizeof(text), "%d 100000", limits->processors * 100000);
        set(group, "cpu.max", text);
    }
}

int
cgroup_make(struct cgroup *group, const struct cgroup_limits *limits,
            bool only_with_memory)
{
    char mount[1024];
    char own[PATH_MAX];
    char place[PATH_MAX + 1024];
    *group = (struct cgroup){0};
    find_own(own, sizeof(own));
    if (own[0] == '\0' || !find_mount(mount, sizeof(mount))) {
        return -1;
    }
    // Where processes are, no controller can be handed on: beside us, then.
    for (int turn = 0; turn < 2; turn++) {
        snprintf(place, sizeof(place), "%s%s", mount,
                 strcmp(own, "/") == 0 ? "" : own);
        if ((!only_with_memory || hands_limits_on(place)) &&
            make_in(group, place)) {
            set_limits(group, limits);
            return 0;
        }
        *strrchr(own, '/') = '\0';
        if (own[0] == '\0') {
            break;
        }
    }
    group->path[0] = '\0';
    return -1;
}

int
cgroup_add(const struct cgroup *group, pid_t process)
{
    return set_number(group, "cgroup.procs", process) ? 0 : -1;
}

bool
cgroup_was_over_memory(const struct cgroup *group)
{
    char path[PATH_MAX + 32];
    char line[128];
    long kills = 0;
    snprintf(path, sizeof(path), "%s/memory.events", group->path);
    FILE *events = group->path[0] != '\0' ? fopen(path, "re") : NULL;
    while (events != NULL && fgets(line, sizeof(line), events) != NULL) {
        if (sscanf(line, "oom_kill %ld", &kills) == 1) {
            break;
        }
    }
    if (events != NULL) {
        fclose(events);
    }
    return kills > 0;
}

void
cgroup_kill(const struct cgroup *group)
{
    if (group->path[0] != '\0') {
        set(group, "cgroup.kill", "1");
    }
}

void
cgroup_remove(struct cgroup *group)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    // Who was killed leaves it a little later than it ends.
    for (int i = 0; group->path[0] != '\0' && i < 1000; i++) {
        if (rmdir(group->path) == 0 || errno != EBUSY) {
            break;
        }
        nanosleep(&moment, NULL);
    }
    group->path[0] = '\0';
}
