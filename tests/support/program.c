#include "tests/support/program.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
die(const char *what)
{
    fprintf(stderr, "program: %s: %s\n", what, strerror(errno));
    exit(99);
}

void
program_release(struct program_result *result)
{
    free(result->out);
    free(result->err);
    *result = (struct program_result){0};
}

/* build/MODE of a test program build/MODE/tests/…/test_x. */
static char *
own_build(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (length < 0) {
        die("cannot find itself");
    }
    path[length] = '\0';
    // The first "/tests/" after the last "/build/".
    char *build = path;
    for (char *at = path; (at = strstr(at, "/build/")) != NULL; at++) {
        build = at;
    }
    char *tests = strstr(build, "/tests/");
    if (tests != NULL) {
        *tests = '\0';
    }
    return strdup(path);
}

char *
program_path(const char *name)
{
    const char *build = getenv("OURO_BUILD");
    char *own = build == NULL ? own_build() : NULL;
    char *path = NULL;
    if (asprintf(&path, "%s/%s", build != NULL ? build : own, name) < 0) {
        die("cannot name the program");
    }
    free(own);
    char *whole = realpath(path, NULL);
    if (whole == NULL) {
        die(path);
    }
    free(path);
    return whole;
}

void
program_prepare(void)
{
    enum {
        PATIENCE_S = 300
    };
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    alarm(PATIENCE_S);
    unsetenv("LANG");
    unsetenv("LC_ALL");
    unsetenv("LANGUAGE");
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

/* Everything in a file that was written by somebody else. */
static char *
slurp(FILE *file)
{
    rewind(file);
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    for (int byte = 0; (byte = getc(file)) != EOF;) {
        putc(byte, memory);
    }
    fclose(memory);
    fclose(file);
    return text;
}

struct program_result
program_run(const char *name, const char *const *arguments, const char *input,
            const char *const *environment)
{
    char *path = program_path(name);
    FILE *in = tmpfile();
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    if (in == NULL || out == NULL || err == NULL ||
        fputs(input != NULL ? input : "", in) == EOF || fflush(in) != 0) {
        die("cannot make temporary files");
    }
    rewind(in);
    pid_t child = fork();
    if (child < 0) {
        die("cannot fork");
    }
    if (child == 0) {
        dup2(fileno(in), 0);
        dup2(fileno(out), 1);
        dup2(fileno(err), 2);
        become(path, arguments, environment);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            die("cannot wait");
        }
    }
    free(path);
    fclose(in);
    return (struct program_result){.status = WIFEXITED(status)
                                                 ? WEXITSTATUS(status)
                                                 : 128 + WTERMSIG(status),
                                   .out = slurp(out),
                                   .err = slurp(err)};
}

struct program_result
program_line(const char *input, const char *format, ...)
{
    char *line = NULL;
    va_list values;
    va_start(values, format);
    if (vasprintf(&line, format, values) < 0) {
        die("cannot make the command line");
    }
    va_end(values);
    const char *words[64] = {NULL};
    int count = 0;
    char *rest = line;
    for (char *word = NULL; (word = strsep(&rest, " ")) != NULL;) {
        if (word[0] != '\0' && count < 62) {
            words[count++] = word;
        }
    }
    struct program_result result =
        program_run(words[0], words + 1, input, NULL);
    free(line);
    return result;
}
