#include "grader/sweeper.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int
remove_entry(const char *path, const struct stat *about, int type,
             struct FTW *place)
{
    (void)about;
    (void)type;
    (void)place;
    remove(path);
    return 0;
}

/* Hears of groups until the caller has ended, or has nothing left to do. */
__attribute__((noreturn)) static void
sweep(int pipe, const char *folder)
{
    enum {
        DEEP = 8
    };
    pid_t group = 0;
    pid_t heard = 0;
    ssize_t got = 1;
    setsid(); // who is at the keyboard does not mean this one
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    dup2(pipe, STDIN_FILENO);
    close_range(STDIN_FILENO + 1, ~0U, 0);
    while (got > 0 || (got < 0 && errno == EINTR)) {
        got = read(STDIN_FILENO, &heard, sizeof(heard));
        group = got == sizeof(heard) ? heard : group;
    }
    if (group > 0) {
        kill(-group, SIGKILL);
    }
    // Who is being killed may still have made a file meanwhile.
    for (int i = 0; i < DEEP && access(folder, F_OK) == 0; i++) {
        nftw(folder, remove_entry, DEEP, FTW_DEPTH | FTW_PHYS);
    }
    _exit(0);
}

int
sweeper_start(struct sweeper *sweeper, const char *folder)
{
    int ends[2];
    *sweeper = (struct sweeper){.pipe = -1};
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    pid_t process = fork();
    if (process == 0) {
        close(ends[1]);
        sweep(ends[0], folder);
    }
    close(ends[0]);
    if (process < 0) {
        close(ends[1]);
        return -1;
    }
    *sweeper = (struct sweeper){.process = process, .pipe = ends[1]};
    return 0;
}

void
sweeper_watch(const struct sweeper *sweeper, pid_t group)
{
    if (sweeper->process > 0 &&
        write(sweeper->pipe, &group, sizeof(group)) != sizeof(group)) {
        kill(sweeper->process, SIGKILL); // it can be of no use
    }
}

void
sweeper_end(struct sweeper *sweeper)
{
    if (sweeper->process > 0) {
        sweeper_watch(sweeper, 0);
        close(sweeper->pipe);
        while (waitpid(sweeper->process, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    *sweeper = (struct sweeper){.pipe = -1};
}
