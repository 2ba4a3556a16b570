/* Term: the terminal (or the pipe that stands for it).
 *
 * A terminal is in raw mode only while a key or a line is awaited, and is
 * always restored: at exit, on signals, when the program is stopped. On a
 * pipe, or a terminal of type "dumb", every read is a line and no escape code
 * is ever printed. There is one at a time: it is the process's own. */
#ifndef QUIZ_IO_TERM_H
#define QUIZ_IO_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct term; // private to term.c

struct term_options {
    bool no_color;            // also by NO_COLOR, TERM=dumb or no terminal
    int width;                // columns; 0: ask the terminal (80 on a pipe)
    const char *history_file; // of typed lines, or NULL; made when needed
};

/* A terminal over stdin and stdout. Never NULL. */
struct term *term_open(const struct term_options *options);
void term_close(struct term *term); // restores; NULL is fine

bool term_is_interactive(const struct term *term); // keys can be read
bool term_has_color(const struct term *term);
bool term_is_utf8(const struct term *term);
int term_width(const struct term *term); // now; at least 20 columns
FILE *term_out(const struct term *term); // borrowed: stdout

/* Clears the screen of an interactive terminal; nothing on another. */
void term_clear(struct term *term);

/* Keys that are no Unicode code points. */
enum term_key {
    TERM_KEY_NONE = 0x110000, // the time is over
    TERM_KEY_END_OF_INPUT,    // also Ctrl-D, and a terminal that was closed
    TERM_KEY_INTERRUPT,       // Ctrl-C, or a signal to stop
    TERM_KEY_UP,
    TERM_KEY_DOWN,
    TERM_KEY_LEFT,
    TERM_KEY_RIGHT,
    TERM_KEY_HOME,
    TERM_KEY_END,
    TERM_KEY_PAGE_UP,
    TERM_KEY_PAGE_DOWN,
    TERM_KEY_DELETE,
    TERM_KEY_RESIZE, // the window changed, or the program was continued
    TERM_KEY_UNKNOWN // a sequence that means nothing here
};
enum {
    TERM_KEY_ENTER = '\n',
    TERM_KEY_ESCAPE = 27,
    TERM_KEY_BACKSPACE = 127
};

/* The next key: a code point or a term_key; waits at most timeout_ms (-1: for
 * ever). Only on an interactive term. */
int term_read_key(struct term *term, int timeout_ms);

/* The same; it also ends, with TERM_KEY_NONE, when something else can be read
 * from a descriptor. -1: there is none. */
int term_read_key_beside(struct term *term, int descriptor, int timeout_ms);

/* The lower-case Latin letter on the same physical key of a Russian layout
 * (й -> q), or of the key itself: so that single-key commands work in both
 * layouts and with Caps Lock. */
int term_latin(int key);

enum term_line_end {
    TERM_LINE_OK,
    TERM_LINE_END_OF_INPUT,
    TERM_LINE_INTERRUPT,
    TERM_LINE_LANGUAGE, // Ctrl-L: the person wants the other language
    TERM_LINE_HELP      // Ctrl-G: the person asks for the keys
};

/* Reads a line, with editing, history and completion on a terminal (libedit),
 * plainly on a pipe. words: what Tab completes, NULL-terminated, or NULL.
 * draft: text to begin with, or NULL. *line is new, without newline, valid
 * UTF-8 without control characters but tabs; it is also set (to what was typed
 * so far) for LANGUAGE and HELP, and NULL for the other ends. */
enum term_line_end term_read_line(struct term *term, const char *prompt,
                                  const char *const *words, const char *draft,
                                  char **line);

#endif
