/* Landlock: a process gives up most of the file system, TCP, and signals to
 * whoever is not in its box. A layer of its own below the mounts, and without
 * namespaces the only one that hides files. Kernels before 5.13 lack it, and
 * each form of it may be missing: then the rest of it holds. */
#ifndef GRADER_LANDLOCK_H
#define GRADER_LANDLOCK_H

#include <stdbool.h>

enum landlock_use {
    LANDLOCK_READ, // and start programs, and list folders
    LANDLOCK_WRITE // all that, and make, change and remove plain files
};

/* Whether this kernel has it. */
bool landlock_works(void);

/* New rules that allow nothing: a descriptor, or -1 with errno. */
int landlock_begin(void);

/* Allows what lies in a folder. 0, or -1 with errno. */
int landlock_allow(int rules, int folder, enum landlock_use use);

/* The same for the folder of this path, but for what lies in the hidden ones;
 * what is missing is left out. */
int landlock_allow_around(int rules, const char *folder,
                          const char *const *hidden);

/* Holds this process, and all that it will start, to the rules, and closes
 * them. It must not be able to gain rights. 0, or -1 with errno. */
int landlock_enter(int rules);

#endif
