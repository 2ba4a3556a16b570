/* Sandbox: a program in a box of its own.
 *
 * The box has its own users, processes, mounts, network, IPC and host name
 * (Linux namespaces), a root folder in memory with nothing but what it is
 * given, no capabilities, no way to gain any, and limits. When the box is
 * waited for, nothing that ran in it is left.
 *
 * Where the kernel has landlock, it holds the box to its files once more;
 * where a group of cgroup v2 with limits can be had, the kernel keeps account
 * of the box. Where there are no namespaces there is no box, unless one that
 * is open was allowed: then the machine's files are out of its reach by
 * landlock alone, and what a program has started ends with its group. */
#ifndef GRADER_SANDBOX_H
#define GRADER_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "grader/buffer.h"

enum {
    SANDBOX_PASSED = 2,
    SANDBOX_FILES = 8 // at most
};

/* A file of the box's folder /w: made from bytes, one of the machine, or a
 * named pipe. */
struct sandbox_file {
    const char *name; // may have folders: "labs/runtime/object.h"
    const char *bytes;
    size_t length;
    const char *path; // of the machine; or NULL: the bytes
    bool is_pipe;
};

struct sandbox_task {
    const char *const *arguments; // the program's, with its path in the box
    const char *const *folders;   // of the machine, read-only at the same
                                  // path; NULL-terminated; missing ones are
                                  // left out
    const char *const *hidden;    // folders that are empty in the box;
                                  // NULL-terminated, or NULL
    const char *mounted;          // a folder of the machine that is shown,
                                  // read-only, as /w/include; or NULL
    const struct sandbox_file *files;
    size_t file_count;
    int input;                  // becomes stdin; 0: there is nothing to read
    int passed[SANDBOX_PASSED]; // descriptors that become 3 and 4, or -1
    bool sees_processes;        // 5 is a folder with the books on its
                                // processes (/proc), where one can be had
    bool keeps_tools;           // may start programs (a compiler)
    int niceness;               // 0: as urgent as the caller
    int64_t wall_ms;            // from the start, see sandbox_allow()
    int64_t cpu_s;
    int64_t memory_bytes;   // of address space; 0: no limit of it
    int64_t resident_bytes; // of each process that the first one starts,
                            // watched; 0: not watched
    int64_t file_bytes;     // that a file may have
    int64_t processes;      // at most
    int64_t descriptors; // of a process, at most; 0: as many as a tool needs
    size_t output_limit; // bytes kept of stdout, and of stderr
};

struct sandbox_result {
    int status;       // as of waitpid()
    bool timed_out;   // killed at the wall limit
    bool over_memory; // killed for resident memory
    bool over_output; // more than output_limit came
    struct buffer out, err;
    int64_t wall_us;   // from the start, or from the last sandbox_allow()
    bool is_open;      // no namespace was to be had
    char level[128];   // the layers that were active: "user pid mount ..."
    char failure[256]; // why the box could not be made; "" if it was
};

struct sandbox; // private: a box that runs

/* Starts a task; never NULL: what went wrong is told by sandbox_wait(). The
 * task and all that it points to must live until then. */
struct sandbox *sandbox_start(const struct sandbox_task *task);

/* Gives a box wall_ms from now, whatever it has used so far. */
void sandbox_allow(struct sandbox *sandbox, int64_t wall_ms);

/* Writes all of it to a socket of which a box has the other end. That nobody
 * reads there any more is no failure: it shows when the box is watched. */
void sandbox_send(int socket, const void *bytes, size_t length);

/* Whether its first process has not ended yet. */
bool sandbox_lives(const struct sandbox *sandbox);

/* Has all that runs in a box stand still, or go on; NULL is fine. Its time on
 * the clock goes on. That all of it goes on for certain, sandbox_watch() sees
 * to. */
void sandbox_pause(struct sandbox *sandbox, bool paused);

/* Whether what came on stdout so far is all that is waited for. */
typedef bool sandbox_enough(void *context, const struct buffer *out);

/* Reads and watches until there is enough, a limit is reached or the box has
 * ended. Returns what came on stdout so far, borrowed until the next call
 * about this box; NULL when the box was not made. */
const struct buffer *sandbox_watch(struct sandbox *sandbox,
                                   sandbox_enough *enough, void *context);

/* Waits for the end and frees the box; sandbox_end() does not wait. Release
 * the result. */
void sandbox_wait(struct sandbox *sandbox, struct sandbox_result *result);
void sandbox_end(struct sandbox *sandbox, struct sandbox_result *result);
void sandbox_result_release(struct sandbox_result *result);

/* Whether from now on a box goes without namespaces where this machine has
 * none; it does not unless this is said. For the whole process. */
void sandbox_allow_open(bool allowed);

/* Tries an empty box: true, or false with why in failure. */
bool sandbox_works(char *failure, size_t room);

#endif
