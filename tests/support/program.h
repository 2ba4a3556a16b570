/* Program: runs a built program to its end and keeps what it printed. */
#ifndef TESTS_SUPPORT_PROGRAM_H
#define TESTS_SUPPORT_PROGRAM_H

struct program_result {
    int status; // exit status; 128 + signal if it was killed
    char *out;  // what it wrote to stdout, terminated
    char *err;  // to stderr
};
void program_release(struct program_result *result);

/* The path of a built program of this build ("ouro", "ouro-grade"): in the
 * folder that OURO_BUILD names (tests/run.sh sets it), or where the test
 * program itself was built. New. */
char *program_path(const char *name);

/* Runs name with arguments (NULL-terminated, without argv[0]) and input (NULL:
 * none) on its stdin. environment: "NAME=value" strings added to the
 * environment, NULL-terminated, or NULL. LANG, LC_ALL and LANGUAGE are unset
 * first, so that the interface is English unless the test says otherwise. */
struct program_result program_run(const char *name,
                                  const char *const *arguments,
                                  const char *input,
                                  const char *const *environment);

/* Between fork and exec of a program under test: signals as a shell leaves
 * them (in the background SIGINT is ignored), an English interface, and an end
 * to it all after minutes, so that a program that hangs is a failure. */
void program_prepare(void);

/* program_run() with arguments split at single spaces: for short command
 * lines. */
struct program_result program_line(const char *input, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
