#include "tests/support/pty.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utf8proc.h>
#include <utmp.h>

#include "tests/support/program.h"

enum {
    LIMIT_MS = 20000
};

struct pty {
    pid_t child;
    int terminal; // our end
    int keeper;   // the program's end, kept open so that its settings can be
                  // read when it is gone
    struct termios before;
    char *output;
    size_t length, expected;
    char escape; // '\0', or what kind of sequence we are in
    bool ended;
};

static void
die(const struct pty *pty, const char *what)
{
    fprintf(stderr, "pty: %s\n--- printed:\n%s\n---\n", what,
            pty != NULL && pty->output != NULL ? pty->output : "");
    exit(99);
}

static void
become(const char *path, const char *const *arguments,
       const char *const *environment)
{
    const char *words[64] = {path};
    for (int i = 0; i < 62 && arguments[i] != NULL; i++) {
        words[i + 1] = arguments[i];
    }
    program_prepare();
    unsetenv("NO_COLOR");
    unsetenv("COLUMNS");
    setenv("TERM", "xterm", 1);
    for (int i = 0; environment != NULL && environment[i] != NULL; i++) {
        putenv(strdup(environment[i]));
    }
    union {
        const char **given;
        char *const *wanted; // what exec was declared with before const
    } argv = {.given = words};
    execv(path, argv.wanted);
    _exit(127);
}

struct pty *
pty_start(const char *name, const char *const *arguments, int columns,
          const char *const *environment)
{
    struct pty *pty = calloc(1, sizeof(*pty));
    struct winsize size = {.ws_row = 40, .ws_col = (unsigned short)columns};
    char *path = program_path(name);
    if (pty == NULL ||
        openpty(&pty->terminal, &pty->keeper, NULL, NULL, &size) != 0 ||
        tcgetattr(pty->keeper, &pty->before) != 0) {
        die(pty, "cannot open a terminal");
    }
    pty->output = calloc(1, 1);
    pty->child = fork();
    if (pty->child == 0) {
        close(pty->terminal);
        login_tty(pty->keeper);
        become(path, arguments, environment);
    }
    free(path);
    return pty;
}

static void
keep_byte(struct pty *pty, char byte)
{
    pty->output = realloc(pty->output, pty->length + 2);
    if (pty->output == NULL) {
        die(NULL, "out of memory");
    }
    pty->output[pty->length++] = byte;
    pty->output[pty->length] = '\0';
}

/* Takes escape sequences out: CSI up to its final byte, others two bytes. */
static void
keep(struct pty *pty, char byte)
{
    if (pty->escape == 'e') {
        pty->escape = byte == '[' ? '[' : '\0';
    }
    else if (pty->escape == '[') {
        if (byte >= 0x40 && byte <= 0x7E) {
            pty->escape = '\0';
        }
    }
    else if (byte == '\033') {
        pty->escape = 'e';
    }
    else if (byte != '\r') {
        keep_byte(pty, byte);
    }
}

/* Reads what there is, waiting at most so long. False at the end. */
static bool
read_some(struct pty *pty, int timeout_ms)
{
    struct pollfd input = {.fd = pty->terminal, .events = POLLIN};
    char block[4096];
    if (poll(&input, 1, timeout_ms) <= 0) {
        return true;
    }
    ssize_t got = read(pty->terminal, block, sizeof(block));
    for (ssize_t i = 0; i < got; i++) {
        keep(pty, block[i]);
    }
    return got > 0;
}

static long
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
pty_type(struct pty *pty, const char *keys)
{
    size_t length = strlen(keys);
    if (write(pty->terminal, keys, length) != (ssize_t)length) {
        die(pty, "cannot type");
    }
}

void
pty_expect(struct pty *pty, const char *text)
{
    char what[256];
    long end = now_ms() + LIMIT_MS;
    snprintf(what, sizeof(what), "waited in vain for '%s'", text);
    for (;;) {
        char *found = strstr(pty->output + pty->expected, text);
        if (found != NULL) {
            pty->expected = (size_t)(found - pty->output) + strlen(text);
            return;
        }
        if (now_ms() > end || !read_some(pty, 100)) {
            die(pty, what);
        }
    }
}

void
pty_hang_up(struct pty *pty)
{
    close(pty->keeper);
    close(pty->terminal);
    pty->keeper = pty->terminal = -1;
}

static bool
same_settings(const struct termios *a, const struct termios *b)
{
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag &&
           a->c_cflag == b->c_cflag && a->c_lflag == b->c_lflag &&
           memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

int
pty_finish(struct pty *pty, bool *restored)
{
    int status = 0;
    long end = now_ms() + LIMIT_MS;
    while (waitpid(pty->child, &status, WNOHANG) == 0) {
        if (now_ms() > end) {
            kill(pty->child, SIGKILL);
            die(pty, "the program does not end");
        }
        if (pty->terminal >= 0) {
            read_some(pty, 20);
        }
        else {
            poll(NULL, 0, 20);
        }
    }
    if (restored != NULL) {
        struct termios after;
        *restored = pty->keeper >= 0 && tcgetattr(pty->keeper, &after) == 0 &&
                    same_settings(&pty->before, &after);
    }
    if (pty->terminal >= 0) {
        close(pty->keeper);
        close(pty->terminal);
    }
    free(pty->output);
    free(pty);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const char *
pty_output(const struct pty *pty)
{
    return pty->output;
}

int
pty_widest(const struct pty *pty)
{
    int widest = 0;
    int width = 0;
    for (const char *at = pty->output; *at != '\0';) {
        utf8proc_int32_t code = 0;
        utf8proc_ssize_t size =
            utf8proc_iterate((const utf8proc_uint8_t *)at, -1, &code);
        width = *at == '\n'
                    ? 0
                    : width + (size > 0 ? utf8proc_charwidth(code) : 1);
        widest = width > widest ? width : widest;
        at += size > 0 ? size : 1;
    }
    return widest;
}
