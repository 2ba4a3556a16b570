/* The program inside the compile box:
 * builder [-w BYTES LINE] COMPILER... -- ASSEMBLER... -- LINKER...
 *
 * Compiles and assembles side by side, hands learner.o over on descriptor 3,
 * links, and hands part.so over on descriptor 4. Without an ASSEMBLER the
 * COMPILER makes learner.o itself; without a LINKER it makes part.so, and
 * there is no learner.o. All of them share the processor's time that one of
 * them may use. Exit status: see builder.h.
 *
 * -w: learner.c is only the file's beginning, and includes the pipe "rest".
 * The whole file comes on stdin, whenever it comes. It takes learner.c's
 * place, where the compiler looks up what it complains of, and what is behind
 * its first BYTES, from LINE on, goes through the pipe. */
#include "grader/builder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grader/clock.h"

enum {
    OBJECT = 3,
    PART = 4,
    SOURCE_BYTES = 1 << 20
};

/* Starts a program; in and out become its stdin and stdout, or are -1. */
static pid_t
start(char *const *words, int in, int out)
{
    pid_t child = fork();
    if (child == 0 && words[0] == NULL) {
        _exit(127);
    }
    if (child == 0) {
        if (in >= 0) {
            dup2(in, STDIN_FILENO);
        }
        // Who does not write to the next one says on stderr what is wrong. On
        // stdout the assembler says what a file wants it to: that fails.
        dup2(out >= 0 ? out : STDIN_FILENO, STDOUT_FILENO);
        execvp(words[0], words);
        _exit(127);
    }
    return child;
}

/* Waits for a program; unless it ends well, this is how. */
static enum builder_ending
ending_of(pid_t child, enum builder_ending otherwise)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (child > 0 && status == 0) {
        return BUILDER_DONE;
    }
    switch (child > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0) {
    case SIGKILL:
        return BUILDER_STOPPED;
    case SIGXFSZ:
        return BUILDER_TOO_LARGE;
    default:
        return otherwise;
    }
}

/* The processor's time that is left for who is still to end, or to start. */
static struct rlimit
time_left(void)
{
    struct rlimit time = {0};
    struct rusage used = {0};
    getrlimit(RLIMIT_CPU, &time);
    getrusage(RUSAGE_CHILDREN, &used);
    rlim_t used_s = (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec);
    if (time.rlim_max != RLIM_INFINITY) {
        time.rlim_max = used_s < time.rlim_max ? time.rlim_max - used_s : 1;
        time.rlim_cur = time.rlim_max;
    }
    return time;
}

static enum builder_ending
compile(char *const *compiler, char *const *assembler)
{
    int pipes[2];
    if (assembler[0] == NULL) {
        return ending_of(start(compiler, -1, -1), BUILDER_NOT_COMPILED);
    }
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        return BUILDER_NOT_COMPILED;
    }
    pid_t first = start(compiler, -1, pipes[1]);
    pid_t second = start(assembler, pipes[0], -1);
    close(pipes[0]);
    close(pipes[1]);
    enum builder_ending compiled = ending_of(first, BUILDER_NOT_COMPILED);
    const struct rlimit left = time_left();
    prlimit(second, RLIMIT_CPU, &left, NULL);
    enum builder_ending assembled = ending_of(second, BUILDER_NOT_COMPILED);
    return compiled != BUILDER_DONE ? compiled : assembled;
}

/* Says on stdout how many microseconds it took. */
static enum builder_ending
link_part(char *const *linker)
{
    const struct rlimit left = time_left();
    int64_t begun = clock_us();
    enum builder_ending linked =
        setrlimit(RLIMIT_CPU, &left) == 0
            ? ending_of(start(linker, -1, -1), BUILDER_NOT_LINKED)
            : BUILDER_NOT_LINKED;
    dprintf(STDOUT_FILENO, "%" PRId64 "\n", clock_us() - begun);
    return linked;
}

static bool
hand_over(const char *path, int out)
{
    int in = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t sent = in < 0 ? -1 : 1;
    while (sent > 0) {
        sent = sendfile(out, in, NULL, 1 << 20);
    }
    close(in);
    return sent == 0;
}

// --- the rest of the file --------------------------------------------------

static size_t
read_all(int in, char *bytes, size_t room)
{
    size_t length = 0;
    ssize_t got = 1;
    while (got > 0 && length < room) {
        got = TEMP_FAILURE_RETRY(read(in, bytes + length, room - length));
        length += got > 0 ? (size_t)got : 0;
    }
    return length;
}

static void
write_all(int out, const char *bytes, size_t length)
{
    ssize_t done = 1;
    for (; length > 0 && done > 0; bytes += done, length -= (size_t)done) {
        done = TEMP_FAILURE_RETRY(write(out, bytes, length));
        if (done < 0) {
            _exit(BUILDER_NOT_COMPILED);
        }
    }
    close(out);
}

/* Gives the compiler the rest when it is there and has been asked for: by then
 * the beginning is read, and the whole file can take its place. */
__attribute__((noreturn)) static void
feed(size_t skipped, const char *line)
{
    static char source[SOURCE_BYTES];
    const struct timespec never[2] = {{0}}; // as box.c makes files
    size_t length = read_all(STDIN_FILENO, source, sizeof(source));
    int rest = open("rest", O_WRONLY | O_CLOEXEC);
    unlink("rest"); // who asks for it by name would wait for ever
    unlink("learner.c");
    int whole =
        open("learner.c", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    write_all(whole, source, length);
    utimensat(AT_FDCWD, "learner.c", never, 0);
    if (dprintf(rest, "# %s \"learner.c\"\n", line) < 0 || skipped > length) {
        _exit(BUILDER_NOT_COMPILED);
    }
    write_all(rest, source + skipped, length - skipped);
    _exit(0);
}

/* Lets another process wait for the file. */
static pid_t
start_feeding(const char *skipped, const char *line)
{
    int nothing[2];
    pid_t feeder = fork();
    if (feeder == 0) {
        feed(strtoul(skipped, NULL, 10), line);
    }
    if (feeder < 0 || pipe2(nothing, O_CLOEXEC) != 0 ||
        dup2(nothing[0], STDIN_FILENO) < 0) {
        _exit(BUILDER_NOT_COMPILED);
    }
    close(nothing[0]);
    close(nothing[1]);
    return feeder;
}

/* Ends a list of words at its "--", and returns what is behind. */
static char **
cut(char **words)
{
    while (*words != NULL && strcmp(*words, "--") != 0) {
        words++;
    }
    if (*words == NULL) {
        _exit(BUILDER_NOT_COMPILED);
    }
    *words = NULL;
    return words + 1;
}

int
main(int argc, char **argv)
{
    char **compiler = argv + 1;
    pid_t feeder = 0;
    if (argc > 3 && strcmp(argv[1], "-w") == 0) {
        feeder = start_feeding(argv[2], argv[3]);
        compiler = argv + 4;
    }
    char **assembler = argc > 1 ? cut(compiler) : NULL;
    if (assembler == NULL) {
        return BUILDER_NOT_COMPILED;
    }
    char **linker = cut(assembler);
    enum builder_ending ending = compile(compiler, assembler);
    if (feeder > 0) {
        kill(feeder, SIGKILL); // nobody may have asked for the rest
    }
    if (ending == BUILDER_DONE && linker[0] != NULL) {
        ending = hand_over("learner.o", OBJECT) ? link_part(linker)
                                                : BUILDER_TOO_LARGE;
    }
    if (ending == BUILDER_DONE && !hand_over("part.so", PART)) {
        ending = BUILDER_TOO_LARGE;
    }
    return (int)ending;
}
