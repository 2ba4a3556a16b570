#include "labs/runtime/resource_tracker.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/runtime/error.h"
#include "labs/runtime/os_error.h"

enum {
    LETTER_BYTES = 256 // goes at once or not at all
};

static int tracker = -1; // our end of the pipe

// --- in the tracker --------------------------------------------------------

/* It uses nothing of the runtime, whose memory is a copy here. */
struct names {
    char (*all)[LETTER_BYTES];
    size_t count, room;
};

static void
add(struct names *names, const char *name)
{
    if (names->count == names->room) {
        size_t room = names->room == 0 ? 16 : 2 * names->room;
        void *more = realloc(names->all, room * sizeof(*names->all));
        if (more == NULL) {
            return;
        }
        names->all = more;
        names->room = room;
    }
    snprintf(names->all[names->count++], LETTER_BYTES, "%s", name);
}

static void
take_off(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->all[i], name) == 0) {
            memmove(names->all[i], names->all[--names->count], LETTER_BYTES);
            return;
        }
    }
}

static void
take_away(const struct names *names)
{
    if (names->count > 0) {
        fprintf(stderr,
                "resource_tracker: There appear to be %zu leaked "
                "shared_memory objects to clean up at shutdown\n",
                names->count);
    }
    for (size_t i = 0; i < names->count; i++) {
        shm_unlink(names->all[i]);
    }
}

/* Of what it has inherited it keeps stderr and the pipe, as 0. */
_Noreturn static void
track(int file)
{
    char letter[LETTER_BYTES];
    struct names names = {.all = NULL};
    signal(SIGINT, SIG_IGN); // they are meant for the clients
    signal(SIGTERM, SIG_IGN);
    dup2(file, STDIN_FILENO);
    close(STDOUT_FILENO);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    ssize_t size;
    while ((size = recv(STDIN_FILENO, letter, LETTER_BYTES - 1, 0)) > 0 ||
           (size < 0 && errno == EINTR)) {
        if (size > 0) {
            letter[size] = '\0';
            (letter[0] == '+' ? add : take_off)(&names, letter + 1);
        }
    }
    take_away(&names);
    _exit(0);
}

// --- in a client -----------------------------------------------------------

/* As a grandchild it is nobody's zombie when it ends. */
static int
start(void)
{
    int files[2];
    int status = 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, files) != 0) {
        return rt_os_error(errno, "socketpair");
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            track(files[1]);
        }
        _exit(grandchild < 0);
    }
    int number = errno;
    close(files[1]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (child < 0 || status != 0) {
        close(files[0]);
        return rt_os_error(child < 0 ? number : EAGAIN, "fork");
    }
    tracker = files[0];
    return 0;
}

static bool
send_letter(char kind, const char *name)
{
    char letter[LETTER_BYTES];
    ssize_t sent = 0;
    snprintf(letter, sizeof(letter), "%c%s", kind, name);
    do {
        sent = send(tracker, letter, strlen(letter), MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

void
rt_resource_tracker_stop(void)
{
    if (tracker >= 0) {
        close(tracker);
        tracker = -1;
    }
}

/* One that is dead is replaced, once. */
static int
tell(char kind, const char *name)
{
    if (tracker >= 0 && send_letter(kind, name)) {
        return 0;
    }
    rt_resource_tracker_stop();
    if (start() != 0) {
        return -1;
    }
    return send_letter(kind, name) ? 0 : rt_os_error(errno, "send");
}

int
rt_resource_tracker_register(const char *name)
{
    return tell('+', name);
}

int
rt_resource_tracker_unregister(const char *name)
{
    return tell('-', name);
}
