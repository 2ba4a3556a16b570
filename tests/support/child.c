#include "tests/support/child.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void
die(const char *what)
{
    perror(what);
    abort();
}

static void
run_in_child(int output, void (*run)(void *data), void *data)
{
    struct rlimit no_core = {0};
    setrlimit(RLIMIT_CORE, &no_core);
    if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) {
        die("dup2");
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    run(data);
    fflush(stdout);
    _exit(0);
}

/* Reads to the end; what there is no room for is lost. */
static void
read_all(int input, char *text, size_t room)
{
    char rest[512];
    size_t length = 0;
    for (;;) {
        size_t left = room - 1 - length;
        ssize_t got = left > 0 ? read(input, text + length, left)
                               : read(input, rest, sizeof(rest));
        if (got <= 0) {
            break;
        }
        length += left > 0 ? (size_t)got : 0;
    }
    text[length] = '\0';
}

struct child_result
child_run(void (*run)(void *data), void *data)
{
    struct child_result result;
    int ends[2];
    int status = 0;
    fflush(NULL);
    if (pipe(ends) != 0) {
        die("pipe");
    }
    pid_t child = fork();
    if (child < 0) {
        die("fork");
    }
    if (child == 0) {
        close(ends[0]);
        run_in_child(ends[1], run, data);
    }
    close(ends[1]);
    read_all(ends[0], result.said, sizeof(result.said));
    close(ends[0]);
    if (waitpid(child, &status, 0) != child) {
        die("waitpid");
    }
    result.status =
        WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

int
child_list(pid_t parent, pid_t *children, int room)
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent,
             (int)parent);
    FILE *file = fopen(path, "re");
    while (file != NULL && count < room &&
           fscanf(file, "%d", &children[count]) == 1) {
        count++;
    }
    if (file != NULL) {
        fclose(file);
    }
    return count;
}
