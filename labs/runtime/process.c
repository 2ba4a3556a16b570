#include "labs/runtime/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gil_release.h"
#include "labs/runtime/shutdown.h"
#include "labs/runtime/thread.h"

enum {
    NAME_BYTES = 64
};

struct rt_process {
    char name[NAME_BYTES];
    int (*body)(void *argument);
    void *argument; // borrowed
    bool daemon, over;
    bool abandoned;          // given back, but not over
    pid_t pid;               // 0: not started
    pid_t parent;            // who started it
    int sentinel;            // a descriptor of the process, or -1
    int exit_code;           // if over
    struct rt_process *next; // of all that are not known to be over
};

static struct rt_process *children; // the newest first
static struct rt_process *current;  // in a child: itself
static int counter;                 // of names
static bool is_registered;          // as an exit function

static int
system_error(void)
{
    return rt_error_set(RT_ERROR_OS, "[Errno %d] %s", errno, strerror(errno));
}

// --- life ------------------------------------------------------------------

struct rt_process *
rt_process_new(const char *name, int (*body)(void *argument), void *argument)
{
    struct rt_process *process = rt_alloc(sizeof(*process));
    if (process == NULL) {
        return rt_error_no_memory();
    }
    *process =
        (struct rt_process){.body = body,
                            .argument = argument,
                            .daemon = current != NULL && current->daemon,
                            .sentinel = -1};
    if (name != NULL) {
        snprintf(process->name, NAME_BYTES, "%s", name);
    }
    else {
        snprintf(process->name, NAME_BYTES, "Process-%d", ++counter);
    }
    return process;
}

static void
end_record(struct rt_process *process)
{
    if (process->sentinel >= 0) {
        close(process->sentinel);
    }
    rt_free(process);
}

/* Whether it is over, then with its exit code. Nobody else waits for it, so
 * there is one who hears of its end. */
static bool
look(struct rt_process *process)
{
    int status = 0;
    if (process->over || process->pid == 0) {
        return process->over;
    }
    pid_t ended;
    do {
        ended = waitpid(process->pid, &status, WNOHANG);
    } while (ended < 0 && errno == EINTR);
    if (ended == 0) {
        return false;
    }
    process->over = true;
    process->exit_code = ended < 0             ? 255 // somebody else heard
                         : WIFSIGNALED(status) ? -WTERMSIG(status)
                                               : WEXITSTATUS(status);
    return true;
}

/* Looks at all children, and forgets those that are over; so none of them
 * stays a zombie for longer than until the next start (_cleanup). */
static void
reap(void)
{
    struct rt_process **link = &children;
    while (*link != NULL) {
        struct rt_process *process = *link;
        if (!look(process)) {
            link = &process->next;
            continue;
        }
        *link = process->next;
        if (process->abandoned) {
            end_record(process);
        }
    }
}

void
rt_process_free(struct rt_process *process)
{
    if (process == NULL) {
        return;
    }
    process->abandoned = true;
    if (process->pid == 0 || process->parent != getpid()) {
        end_record(process);
        return;
    }
    bool was_over = process->over; // then it is in no list
    reap();
    if (was_over) {
        end_record(process);
    }
}

// --- the child -------------------------------------------------------------

/* The exit code that the pending error means (Process._bootstrap). */
static int
code_of_error(const struct rt_process *process)
{
    const char *text = rt_error_text();
    char *end = NULL;
    long code = strtol(text, &end, 10);
    if (rt_error_occurred() == RT_ERROR_SYSTEM_EXIT) {
        return *end == '\0' ? (int)(code & 255) : 1;
    }
    fprintf(stderr, "Process %s:\n%s%s%s\n", process->name,
            rt_error_name(rt_error_occurred()), text[0] != '\0' ? ": " : "",
            text);
    return 1;
}

_Noreturn static void
run_child(struct rt_process *process)
{
    children = NULL; // they are siblings now
    current = process;
    is_registered = false;
    rt_at_exit_clear();
    int code =
        process->body(process->argument) != 0 ? code_of_error(process) : 0;
    rt_error_clear();
    rt_thread_shutdown();
    rt_at_exit_run();
    fflush(NULL);
    _exit(code);
}

int
rt_process_start(struct rt_process *process)
{
    if (process->pid != 0) {
        return rt_error_set(RT_ERROR_RUNTIME, "cannot start a process twice");
    }
    if (current != NULL && current->daemon) {
        return rt_error_set(
            RT_ERROR_RUNTIME,
            "daemonic processes are not allowed to have children");
    }
    reap();
    if (!is_registered && rt_at_exit(rt_process_shutdown, NULL) != 0) {
        return -1;
    }
    is_registered = true;
    fflush(NULL); // or both would write what waits
    pid_t pid = fork();
    if (pid < 0) {
        return system_error();
    }
    if (pid == 0) {
        run_child(process);
    }
    process->pid = pid;
    process->parent = getpid();
    process->sentinel = (int)syscall(SYS_pidfd_open, pid, 0);
    process->next = children;
    children = process;
    return 0;
}

// --- the parent ------------------------------------------------------------

/* Takes one that is over off the list. */
static bool
is_over(struct rt_process *process)
{
    if (!process->over && look(process)) {
        reap(); // finds it over, and unlinks it
    }
    return process->over;
}

/* Without a sentinel, on an old kernel. */
static void
await_pid(const struct rt_process *process)
{
    siginfo_t info;
    while (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOWAIT) < 0 &&
           errno == EINTR) {
    }
}

static void
await_end(const struct rt_process *process, int64_t timeout_us)
{
    bool held = rt_gil_release_begin();
    if (process->sentinel >= 0) {
        struct pollfd poll_for = {.fd = process->sentinel, .events = POLLIN};
        rt_deadline_poll(&poll_for, 1, timeout_us);
    }
    else if (timeout_us == RT_NO_TIMEOUT) {
        await_pid(process);
    }
    rt_gil_release_end(held);
}

int
rt_process_join(struct rt_process *process, int64_t timeout_us)
{
    if (process->pid == 0) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "can only join a started process");
    }
    if (process->parent != getpid()) {
        return rt_error_set(RT_ERROR_RUNTIME, "can only join a child process");
    }
    if (!is_over(process)) {
        await_end(process, timeout_us);
        is_over(process);
    }
    return 0;
}

bool
rt_process_is_alive(struct rt_process *process)
{
    return process == current || (process->pid != 0 && !is_over(process));
}

bool
rt_process_exit_code(struct rt_process *process, int *code)
{
    bool over = process != current && is_over(process);
    if (over) {
        *code = process->exit_code;
    }
    return over;
}

static int
send_signal(struct rt_process *process, int number)
{
    if (process->pid == 0 || is_over(process)) {
        return 0;
    }
    return kill(process->pid, number) != 0 ? system_error() : 0;
}

int
rt_process_terminate(struct rt_process *process)
{
    return send_signal(process, SIGTERM);
}

int
rt_process_kill(struct rt_process *process)
{
    return send_signal(process, SIGKILL);
}

int
rt_process_active_count(void)
{
    int count = 0;
    reap();
    for (const struct rt_process *one = children; one != NULL;
         one = one->next) {
        count++;
    }
    return count;
}

int
rt_process_shutdown(void *unused)
{
    (void)unused;
    is_registered = false;
    for (struct rt_process *one = children; one != NULL; one = one->next) {
        if (one->daemon) {
            kill(one->pid, SIGTERM);
        }
    }
    reap();
    while (children != NULL) { // whoever is over may be nobody's: gone, then
        await_end(children, RT_NO_TIMEOUT);
        reap();
    }
    return 0;
}

// --- what is known of it ---------------------------------------------------

pid_t
rt_process_pid(const struct rt_process *process)
{
    return process == current ? getpid() : process->pid;
}

int
rt_process_sentinel(const struct rt_process *process)
{
    return process->sentinel;
}

const char *
rt_process_name(const struct rt_process *process)
{
    return process->name;
}

bool
rt_process_is_daemon(const struct rt_process *process)
{
    return process->daemon;
}

int
rt_process_set_daemon(struct rt_process *process, bool daemon)
{
    if (process->pid != 0) {
        return rt_error_set(RT_ERROR_RUNTIME, "process has already started");
    }
    process->daemon = daemon;
    return 0;
}

struct rt_process *
rt_process_current(void)
{
    return current;
}
