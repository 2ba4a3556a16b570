/* Pty: a program in a pseudo-terminal, typed to and read from.
 *
 * What the program prints is kept with its escape sequences taken out, and is
 * searched from the last place that was expected. A wait that takes longer
 * than a generous limit fails the test and shows what was printed. */
#ifndef TESTS_SUPPORT_PTY_H
#define TESTS_SUPPORT_PTY_H

#include <stdbool.h>

struct pty;

/* Starts a built program ("ouro") in a terminal of that many columns. The
 * environment is the test's own with TERM=xterm and no language set;
 * environment adds "NAME=value" strings (NULL-terminated, or NULL). */
struct pty *pty_start(const char *name, const char *const *arguments,
                      int columns, const char *const *environment);

/* Types the bytes of keys. */
void pty_type(struct pty *pty, const char *keys);

/* Waits until text is printed behind the last expected one. */
void pty_expect(struct pty *pty, const char *text);

/* Closes the terminal, as a closed window does. */
void pty_hang_up(struct pty *pty);

/* Waits for the end and returns the exit status (128 + signal if killed).
 * restored (may be NULL) says whether the terminal's settings are those from
 * before. Frees pty. */
int pty_finish(struct pty *pty, bool *restored);

/* Everything printed so far, without escape sequences; borrowed. */
const char *pty_output(const struct pty *pty);

/* The widest line printed so far, in columns. */
int pty_widest(const struct pty *pty);

#endif
