/* Term: the terminal (or the pipe that stands for it).
 *
 * A terminal is put into raw mode only while a key is awaited, and is always
 * restored: at exit, on signals, on SIGTSTP. On a pipe every read is a line
 * and no escape code is ever printed. Widths are in columns (utf8proc). */
#ifndef QUIZ_IO_TERM_H
#define QUIZ_IO_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct term; // private to term.c

struct term_options {
    bool no_color;            // also by NO_COLOR, TERM=dumb or no terminal
    int width;                // columns; 0: ask the terminal (80 on a pipe)
    const char *history_file; // of typed lines, or NULL
};

/* A terminal over stdin and stdout. Never NULL. */
struct term *term_open(const struct term_options *options);
void term_close(struct term *term); // restores; NULL is fine

bool term_is_interactive(const struct term *term); // keys can be read
bool term_has_color(const struct term *term);
bool term_is_utf8(const struct term *term);
int term_width(const struct term *term);  // at least 20
int term_height(const struct term *term); // at least 5
FILE *term_out(const struct term *term);

/* Keys beyond Unicode code points. */
enum term_key {
    TERM_KEY_NONE = 0x110000, // the time is over
    TERM_KEY_END_OF_INPUT,
    TERM_KEY_INTERRUPT, // Ctrl-C or a signal
    TERM_KEY_UP,
    TERM_KEY_DOWN,
    TERM_KEY_LEFT,
    TERM_KEY_RIGHT,
    TERM_KEY_HOME,
    TERM_KEY_END,
    TERM_KEY_PAGE_UP,
    TERM_KEY_PAGE_DOWN,
    TERM_KEY_BACKSPACE,
    TERM_KEY_DELETE,
    TERM_KEY_RESIZE
};

/* The next key: a code point or a term_key; waits at most timeout_ms (-1: for
 * ever). The Cyrillic letter on a Latin key is returned as it is; see
 * term_latin(). Only on an interactive term. */
int term_read_key(struct term *term, int timeout_ms);

/* The Latin letter on the same physical key of a Russian layout (й -> q), or
 * the key itself: so that single-key commands work in both layouts. */
int term_latin(int key);

enum term_line_end {
    TERM_LINE_OK,
    TERM_LINE_END_OF_INPUT,
    TERM_LINE_INTERRUPT
};

/* Reads a line, with editing, history and completion on a terminal (libedit),
 * plainly on a pipe. *line is new, without newline, valid UTF-8. words: what
 * completes, NULL-terminated, or NULL. */
enum term_line_end term_read_line(struct term *term, const char *prompt,
                                  const char *const *words, char **line);

/* Several lines, up to an empty line (or a single '.') or the end of the
 * input. deadline_ms on CLOCK_MONOTONIC, 0 for none, only shown. */
enum term_line_end term_read_text(struct term *term, const char *prompt,
                                  char **text);

/* Columns that a UTF-8 string takes; control characters take none. */
size_t term_columns(const char *string);

#endif
