/* Who puts the terminal into which mode:
 *
 *   - saved        what it was when the program started; the only global here,
 *                  because atexit and signal handlers have no argument
 *   - raw          while term_read_key() waits, and only then: no echo, no
 * line editing, Ctrl-C is a byte
 *   - libedit's    while term_read_line() waits: set and taken back by libedit
 *   - quiet        in between: no echo, so that keys pressed too early wait
 *                  unseen instead of standing in the middle of a drawing
 *
 * Whoever leaves, by exit, by a fatal signal or by being stopped, first puts
 * `saved` back. A read that a signal interrupts looks at the flags that the
 * handlers set and reports what happened as a key.
 *
 * On a pipe the signals do what they do everywhere, with one exception: while
 * a line is read, an interrupt ends the line, so that a session ends in an
 * orderly way. It is held back but for the wait itself (ppoll), or one that
 * comes just before the wait would be noticed only after the next line. */
#include "quiz/io/term.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <utf8proc.h>
#include <wchar.h>

#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"

struct term {
    bool interactive, color, utf8;
    int width; // --width, or 0
    char *history_file;
    EditLine *editor;   // made at the first line
    HistoryW *history;  //
    const char *prompt; // while a line is read
    wchar_t *wide_prompt;
    const char *const *words;
    enum term_line_end line_end;
    int beside;     // what else ends the wait for a key, or -1
    size_t at, end; // of what was read and not yet used
    unsigned char bytes[4096];
};

static struct termios saved;
static volatile sig_atomic_t have_saved;
static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t resized;

static void
restore(void)
{
    if (have_saved) {
        tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    }
}

/* Between two keys: what is typed waits, unseen, and Ctrl-C is a signal. */
static void
quieten(void)
{
    struct termios quiet = saved;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
}

static void
on_fatal(int number)
{
    restore();
    signal(number, SIG_DFL);
    raise(number);
}

static void
on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static void
on_resize(int number)
{
    (void)number;
    resized = 1;
}

/* Ctrl-Z: the shell gets its terminal back as it was. */
static void
on_stop(int number)
{
    (void)number;
    restore();
    raise(SIGSTOP);
}

static void
handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL); // without SA_RESTART: reads come back
}

static void
handle_signals(void)
{
    static const int FATAL[] = {SIGTERM, SIGHUP, SIGQUIT, SIGSEGV, SIGABRT};
    for (size_t i = 0; i < sizeof(FATAL) / sizeof(*FATAL); i++) {
        handle(FATAL[i], on_fatal);
    }
    handle(SIGINT, on_interrupt);
    handle(SIGWINCH, on_resize);
    handle(SIGCONT, on_resize);
    handle(SIGTSTP, on_stop);
}

struct term *
term_open(const struct term_options *options)
{
    struct term *term = xcalloc(1, sizeof(*term));
    term->beside = -1;
    const char *type = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");
    bool dumb = type == NULL || type[0] == '\0' || strcmp(type, "dumb") == 0;
    bool out_is_terminal = isatty(STDOUT_FILENO) == 1;
    term->interactive = out_is_terminal && isatty(STDIN_FILENO) == 1 && !dumb;
    term->color = out_is_terminal && !dumb && !options->no_color &&
                  (no_color == NULL || no_color[0] == '\0');
    term->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    term->width = options->width;
    term->history_file =
        options->history_file != NULL ? xstrdup(options->history_file) : NULL;
    if (term->interactive && tcgetattr(STDIN_FILENO, &saved) == 0) {
        have_saved = 1;
        atexit(restore);
        handle_signals();
        quieten();
    }
    return term;
}

void
term_close(struct term *term)
{
    if (term == NULL) {
        return;
    }
    fflush(stdout);
    if (term->editor != NULL) {
        el_end(term->editor);
        history_wend(term->history);
    }
    restore();
    free(term->wide_prompt);
    free(term->history_file);
    free(term);
}

bool
term_is_interactive(const struct term *term)
{
    return term->interactive;
}

bool
term_has_color(const struct term *term)
{
    return term->color;
}

bool
term_is_utf8(const struct term *term)
{
    return term->utf8;
}

FILE *
term_out(const struct term *term)
{
    (void)term;
    return stdout;
}

static struct winsize
window(void)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) {
        size = (struct winsize){0};
    }
    return size;
}

int
term_width(const struct term *term)
{
    enum {
        LEAST = 20,
        MOST = 1000,
        DEFAULT = 80
    };
    int width = term->width;
    if (width == 0) {
        width = window().ws_col;
    }
    if (width == 0) {
        const char *columns = getenv("COLUMNS");
        width = columns != NULL ? (int)strtol(columns, NULL, 10) : 0;
    }
    if (width <= 0) {
        width = DEFAULT;
    }
    return width < LEAST ? LEAST : width > MOST ? MOST : width;
}

void
term_clear(struct term *term)
{
    if (term->interactive) {
        fputs("\033[H\033[2J\033[3J", stdout);
    }
}

/* Reads more bytes. 1: there are some, 0: end of the input, -1: the time is
 * over, or there is something beside them, -2: a signal came. */
static int
fill(struct term *term, int timeout_ms)
{
    struct pollfd input[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                              {.fd = term->beside, .events = POLLIN}};
    struct timespec limit = {.tv_sec = timeout_ms / 1000,
                             .tv_nsec = timeout_ms % 1000 * 1000000L};
    sigset_t signals;
    sigprocmask(SIG_SETMASK, NULL, &signals);
    sigdelset(&signals, SIGINT);
    int ready = ppoll(input, 2, timeout_ms < 0 ? NULL : &limit, &signals);
    if (ready < 0) {
        return -2;
    }
    if (input[0].revents == 0) {
        return -1;
    }
    ssize_t got = read(STDIN_FILENO, term->bytes, sizeof(term->bytes));
    if (got < 0 && errno == EINTR) {
        return -2;
    }
    if (got <= 0) {
        return 0; // EIO: the terminal was closed
    }
    term->at = 0;
    term->end = (size_t)got;
    return 1;
}

/* The next byte, or a term_key. */
static int
next_byte(struct term *term, int timeout_ms)
{
    while (term->at == term->end) {
        if (interrupted) {
            interrupted = 0;
            return TERM_KEY_INTERRUPT;
        }
        if (resized) {
            resized = 0;
            return TERM_KEY_RESIZE;
        }
        int filled = fill(term, timeout_ms);
        if (filled == 0) {
            return TERM_KEY_END_OF_INPUT;
        }
        if (filled == -1) {
            return TERM_KEY_NONE;
        }
    }
    return term->bytes[term->at++];
}

/* What follows an escape byte: the sequences of xterm and its likes. A lone
 * escape is one that nothing follows for a moment. */
static int
read_sequence(struct term *term)
{
    enum {
        MOMENT_MS = 40
    };
    int byte = next_byte(term, MOMENT_MS);
    if (byte == TERM_KEY_NONE) {
        return TERM_KEY_ESCAPE;
    }
    if (byte != '[' && byte != 'O') {
        return byte >= TERM_KEY_NONE ? byte : TERM_KEY_UNKNOWN;
    }
    int number = 0;
    do {
        byte = next_byte(term, MOMENT_MS);
        if (byte >= '0' && byte <= '9' && number < 1000) {
            number = number * 10 + byte - '0';
        }
    } while (byte < TERM_KEY_NONE && byte >= 0x20 && byte < 0x40);
    switch (byte) {
    case 'A':
        return TERM_KEY_UP;
    case 'B':
        return TERM_KEY_DOWN;
    case 'C':
        return TERM_KEY_RIGHT;
    case 'D':
        return TERM_KEY_LEFT;
    case 'H':
        return TERM_KEY_HOME;
    case 'F':
        return TERM_KEY_END;
    case '~':
        break;
    default:
        return TERM_KEY_UNKNOWN;
    }
    static const struct {
        int number, key;
    } NUMBERED[] = {{1, TERM_KEY_HOME},      {3, TERM_KEY_DELETE},
                    {4, TERM_KEY_END},       {5, TERM_KEY_PAGE_UP},
                    {6, TERM_KEY_PAGE_DOWN}, {7, TERM_KEY_HOME},
                    {8, TERM_KEY_END}};
    for (size_t i = 0; i < sizeof(NUMBERED) / sizeof(*NUMBERED); i++) {
        if (NUMBERED[i].number == number) {
            return NUMBERED[i].key;
        }
    }
    return TERM_KEY_UNKNOWN;
}

/* The code point that starts with byte. */
static int
read_code_point(struct term *term, int byte)
{
    utf8proc_uint8_t bytes[4] = {(utf8proc_uint8_t)byte};
    int length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    for (int i = 1; i < length; i++) {
        int next = next_byte(term, 40);
        if (next >= TERM_KEY_NONE) {
            return next;
        }
        bytes[i] = (utf8proc_uint8_t)next;
    }
    utf8proc_int32_t code = -1;
    utf8proc_ssize_t size = utf8proc_iterate(bytes, length, &code);
    return size > 0 ? code : TERM_KEY_UNKNOWN;
}

static void
stop_like_others(void)
{
    restore();
    raise(SIGSTOP);
}

static int
key_of(struct term *term, int byte)
{
    enum {
        CTRL_C = 3,
        CTRL_D = 4,
        CTRL_Z = 26
    };
    switch (byte) {
    case CTRL_C:
        return TERM_KEY_INTERRUPT;
    case CTRL_D:
        return TERM_KEY_END_OF_INPUT;
    case CTRL_Z:
        stop_like_others();
        return TERM_KEY_RESIZE;
    case '\r':
        return TERM_KEY_ENTER;
    case '\b':
        return TERM_KEY_BACKSPACE;
    case TERM_KEY_ESCAPE:
        return read_sequence(term);
    default:
        return byte < 0x80 || byte >= TERM_KEY_NONE
                   ? byte
                   : read_code_point(term, byte);
    }
}

int
term_read_key_beside(struct term *term, int descriptor, int timeout_ms)
{
    struct termios raw = saved;
    fflush(stdout);
    cfmakeraw(&raw);
    raw.c_oflag = saved.c_oflag; // newlines still go to the left margin
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0) {
        return TERM_KEY_END_OF_INPUT;
    }
    term->beside = descriptor;
    int byte = next_byte(term, timeout_ms);
    term->beside = -1; // a sequence of bytes is read to its end
    int key = key_of(term, byte);
    quieten();
    return key;
}

int
term_read_key(struct term *term, int timeout_ms)
{
    return term_read_key_beside(term, -1, timeout_ms);
}

int
term_latin(int key)
{
    // The keys of ЙЦУКЕН and of QWERTY, in the same order.
    static const char LATIN[] = "qwertyuiop[]asdfghjkl;'zxcvbnm,.";
    static const utf8proc_int32_t RUSSIAN[] = {
        0x439, 0x446, 0x443, 0x43A, 0x435, 0x43D, 0x433, 0x448,
        0x449, 0x437, 0x445, 0x44A, 0x444, 0x44B, 0x432, 0x430,
        0x43F, 0x440, 0x43E, 0x43B, 0x434, 0x436, 0x44D, 0x44F,
        0x447, 0x441, 0x43C, 0x438, 0x442, 0x44C, 0x431, 0x44E};
    if (key >= TERM_KEY_NONE) {
        return key;
    }
    int lower = utf8proc_tolower(key);
    for (size_t i = 0; i < sizeof(RUSSIAN) / sizeof(*RUSSIAN); i++) {
        if (RUSSIAN[i] == lower) {
            return LATIN[i];
        }
    }
    return lower;
}

// --- lines -----------------------------------------------------------------

static wchar_t *
widen(const char *string)
{
    size_t room = strlen(string) + 1;
    wchar_t *wide = xcalloc(room, sizeof(*wide));
    if (mbstowcs(wide, string, room - 1) == (size_t)-1) {
        wide[0] = L'\0';
    }
    return wide;
}

/* UTF-8 of a wide string, new. */
static char *
narrow(const wchar_t *wide, size_t length)
{
    struct text text = {0};
    for (size_t i = 0; i < length; i++) {
        utf8proc_uint8_t bytes[4];
        utf8proc_ssize_t size =
            utf8proc_encode_char((utf8proc_int32_t)wide[i], bytes);
        text_add_bytes(&text, (const char *)bytes, (size_t)size);
    }
    return text_steal(&text);
}

/* A line as it is handed over: valid UTF-8 that moves no cursor wherever it is
 * shown, stored or written later. New. */
static char *
mended(const char *line)
{
    struct text text = {0};
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)line;
    while (*at != '\0') {
        utf8proc_int32_t code = -1;
        utf8proc_ssize_t size = utf8proc_iterate(at, -1, &code);
        bool control =
            (code < 0x20 && code != '\t') || (code >= 0x7F && code < 0xA0);
        if (size > 0 && !control) {
            text_add_bytes(&text, (const char *)at, (size_t)size);
        }
        else {
            text_add(&text, "\xEF\xBF\xBD");
        }
        at += size > 0 ? size : 1;
    }
    return text_steal(&text);
}

static struct term *
term_of(EditLine *editor)
{
    void *term = NULL;
    el_wget(editor, EL_CLIENTDATA, &term);
    return term;
}

/* libedit's source of characters: ours, so that signals, the end of the input
 * and our two keys end a line in an orderly way. */
static int
next_wide(EditLine *editor, wchar_t *wide)
{
    enum {
        CTRL_G = 7,
        CTRL_L = 12
    };
    struct term *term = term_of(editor);
    int byte = TERM_KEY_RESIZE;
    while (byte == TERM_KEY_RESIZE) {
        byte = next_byte(term, -1);
        if (byte == TERM_KEY_RESIZE) {
            el_resize(editor);
        }
    }
    if (byte >= 0x80 && byte < TERM_KEY_NONE) {
        byte = read_code_point(term, byte);
    }
    switch (byte) {
    case TERM_KEY_INTERRUPT:
        term->line_end = TERM_LINE_INTERRUPT;
        return 0;
    case TERM_KEY_END_OF_INPUT:
        term->line_end = TERM_LINE_END_OF_INPUT;
        return 0;
    case CTRL_L:
        term->line_end = TERM_LINE_LANGUAGE;
        return 0;
    case CTRL_G:
        term->line_end = TERM_LINE_HELP;
        return 0;
    default:
        *wide = byte < TERM_KEY_NONE ? (wchar_t)byte : L'?';
        return 1;
    }
}

static wchar_t *
prompt_of(EditLine *editor)
{
    return term_of(editor)->wide_prompt;
}

/* Completes the word before the cursor as far as the words agree. */
static unsigned char
complete(EditLine *editor, int key)
{
    (void)key;
    struct term *term = term_of(editor);
    const LineInfoW *line = el_wline(editor);
    const wchar_t *start = line->cursor;
    while (start > line->buffer && start[-1] != L' ') {
        start--;
    }
    char *typed = narrow(start, (size_t)(line->cursor - start));
    size_t length = strlen(typed);
    const char *found = NULL;
    size_t common = 0;
    for (size_t i = 0; term->words != NULL && term->words[i] != NULL; i++) {
        const char *word = term->words[i];
        if (strncmp(word, typed, length) != 0) {
            continue;
        }
        if (found == NULL) {
            found = word;
            common = strlen(word);
        }
        while (strncmp(found, word, common) != 0) {
            common--;
        }
    }
    unsigned char result = CC_REFRESH_BEEP;
    if (found != NULL && common > length) {
        char *rest = xstrndup(found + length, common - length);
        wchar_t *wide = widen(rest);
        if (el_winsertstr(editor, wide) == 0) {
            result = CC_REFRESH;
        }
        free(wide);
        free(rest);
    }
    free(typed);
    return result;
}

static void
start_editor(struct term *term)
{
    HistEventW event;
    term->editor = el_init("ouro", stdin, stdout, stderr);
    term->history = history_winit();
    history_w(term->history, &event, H_SETSIZE, 500);
    history_w(term->history, &event, H_SETUNIQUE, 1);
    if (term->history_file != NULL) {
        history_w(term->history, &event, H_LOAD, term->history_file);
    }
    el_wset(term->editor, EL_CLIENTDATA, term);
    el_wset(term->editor, EL_PROMPT, prompt_of);
    el_wset(term->editor, EL_EDITOR, L"emacs");
    el_wset(term->editor, EL_HIST, history_w, term->history);
    el_wset(term->editor, EL_GETCFN, next_wide);
    el_wset(term->editor, EL_ADDFN, L"ouro-complete", L"", complete);
    el_wset(term->editor, EL_BIND, L"\t", L"ouro-complete", NULL);
    el_wset(term->editor, EL_BIND, L"^R", L"em-inc-search-prev", NULL);
}

static void
remember(struct term *term, const wchar_t *line)
{
    HistEventW event;
    if (wcsspn(line, L" \t\n") == wcslen(line)) {
        return;
    }
    history_w(term->history, &event, H_ENTER, line);
    if (term->history_file != NULL) {
        history_w(term->history, &event, H_SAVE, term->history_file);
    }
}

static enum term_line_end
edit_line(struct term *term, const char *draft, char **line)
{
    if (term->editor == NULL) {
        start_editor(term);
    }
    if (draft != NULL && draft[0] != '\0') {
        wchar_t *wide = widen(draft);
        el_wpush(term->editor, wide);
        free(wide);
    }
    int count = 0;
    term->line_end = TERM_LINE_OK;
    const wchar_t *typed = el_wgets(term->editor, &count);
    enum term_line_end end = term->line_end;
    if (end == TERM_LINE_OK && (typed == NULL || count <= 0)) {
        end = TERM_LINE_END_OF_INPUT; // Ctrl-D
    }
    if (end == TERM_LINE_OK) {
        remember(term, typed);
        size_t length = (size_t)count;
        length -= typed[length - 1] == L'\n';
        char *plain = narrow(typed, length);
        *line = mended(plain);
        free(plain);
        return end;
    }
    if (end == TERM_LINE_LANGUAGE || end == TERM_LINE_HELP) {
        const LineInfoW *info = el_wline(term->editor);
        *line = narrow(info->buffer, (size_t)(info->lastchar - info->buffer));
    }
    fputc('\n', stdout);
    el_reset(term->editor);
    return end;
}

/* The bytes of a line of a pipe. */
static enum term_line_end
plain_bytes(struct term *term, struct text *text)
{
    for (int byte = 0; byte != '\n';) {
        byte = next_byte(term, -1);
        if (byte == TERM_KEY_INTERRUPT) {
            return TERM_LINE_INTERRUPT;
        }
        if (byte == TERM_KEY_END_OF_INPUT) {
            return text->length == 0 ? TERM_LINE_END_OF_INPUT : TERM_LINE_OK;
        }
        if (byte < 0x100 && byte != '\n' && byte != '\0') {
            text_add_char(text, (char)byte);
        }
    }
    return TERM_LINE_OK;
}

/* A line of a pipe, as valid UTF-8. */
static enum term_line_end
plain_line(struct term *term, char **line)
{
    struct text text = {0};
    struct sigaction caught = {.sa_handler = on_interrupt};
    struct sigaction former;
    sigset_t interrupts;
    sigset_t signals;
    sigemptyset(&caught.sa_mask);
    sigemptyset(&interrupts);
    sigaddset(&interrupts, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupts, &signals);
    sigaction(SIGINT, NULL, &former);
    if (former.sa_handler != SIG_IGN) { // as for what runs in the background
        sigaction(SIGINT, &caught, NULL);
    }
    fflush(stdout);
    enum term_line_end end = plain_bytes(term, &text);
    sigaction(SIGINT, &former, NULL);
    sigprocmask(SIG_SETMASK, &signals, NULL);
    if (end != TERM_LINE_OK) {
        text_release(&text);
        return end;
    }
    while (text.length > 0 && text.bytes[text.length - 1] == '\r') {
        text_truncate(&text, text.length - 1);
    }
    *line = mended(text_string(&text));
    text_release(&text);
    return TERM_LINE_OK;
}

enum term_line_end
term_read_line(struct term *term, const char *prompt, const char *const *words,
               const char *draft, char **line)
{
    *line = NULL;
    if (!term->interactive) {
        fputs(prompt, stdout);
        enum term_line_end end = plain_line(term, line);
        if (prompt[0] != '\0') {
            fputc('\n', stdout); // what was typed is not echoed
        }
        return end;
    }
    fflush(stdout);
    free(term->wide_prompt);
    term->wide_prompt = widen(prompt);
    term->words = words;
    restore(); // libedit sets its own mode, and takes it back to this
    enum term_line_end end = edit_line(term, draft, line);
    quieten();
    return end;
}
