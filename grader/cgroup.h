/* Cgroup: the kernel's account of a box as a whole: its memory, its number of
 * processes and its processors, and a way to kill all that is in it.
 *
 * Takes version 2, and a place in it that belongs to us: as root, or where
 * somebody has delegated one (systemd-run --user --scope -p Delegate=yes).
 * Controllers that are not given to that place are done without. */
#ifndef GRADER_CGROUP_H
#define GRADER_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup {
    char path[PATH_MAX]; // "": there is none
};

struct cgroup_limits {
    int64_t memory_bytes; // 0: none
    int64_t processes;
    int processors; // 0: all
};

/* Makes a group. With only_with_memory, only where it can limit memory and
 * processes. 0; or -1, and there is none. */
int cgroup_make(struct cgroup *group, const struct cgroup_limits *limits,
                bool only_with_memory);

/* Moves a process, and what it will start, there. 0 or -1. */
int cgroup_add(const struct cgroup *group, pid_t process);

/* Whether the kernel killed something for its memory. */
bool cgroup_was_over_memory(const struct cgroup *group);

/* Kills all that is in it; it may be removed when that has been waited for.
 * Neither does anything where there is none. */
void cgroup_kill(const struct cgroup *group);
void cgroup_remove(struct cgroup *group);

#endif
