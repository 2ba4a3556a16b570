/* Streams do what those of asyncio do: short scripts, some written down here
 * and some random, run by this program and by stream_beside_python.py.
 *
 * A script begins with the limit of the stream; each further line does one
 * thing with it or with the other end of its socket, the peer, and the loop
 * goes round several times. The answer to a line says what it came to, and
 * then which of the tasks that read, drain or wait have ended, and how. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/runtime/bytes.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/os_error.h"
#include "labs/runtime/stream.h"
#include "labs/runtime/task.h"
#include "labs/testing.h"
#include "tests/support/dice.h"
#include "tests/support/tempdir.h"

enum {
    RANDOM_SCRIPTS = 400,
    TURNS = 10,
    BLOCK_BYTES = 64 * 1024,
    MOST_WAITING = 64
};

static const char PYTHON_SIDE[] = "tests/labs/runtime/stream_beside_python.py";

static struct rt_loop *loop;
static struct rt_object *stream;
static int peer; // -1: closed
static struct rt_object *waiting[MOST_WAITING];
static size_t waiting_count;
static FILE *out; // where the answers go

static void
settle(void)
{
    for (int i = 0; i < TURNS; i++) {
        rt_loop_stop(loop);
        rt_loop_run_forever(loop);
    }
}

// --- answers ---------------------------------------------------------------

static void
show_bytes(const unsigned char *bytes, size_t size)
{
    fprintf(out, "%zu ", size);
    for (size_t i = 0; i < size && i < 40; i++) {
        fprintf(out, "%02x", bytes[i]);
    }
}

/* The pending error, which is forgotten. */
static void
show_error(void)
{
    struct rt_object *exception = rt_exception_catch();
    struct rt_object *carried = rt_exception_carried(exception);
    const char *name = rt_error_name(rt_exception_error(exception));
    const char *point = strrchr(name, '.');
    fprintf(out, "%s: %s", point != NULL ? point + 1 : name,
            rt_exception_text(exception));
    if (carried != NULL) {
        fputs(", carrying ", out);
        if (rt_int_check(carried)) {
            fprintf(out, "%lld", (long long)rt_int_value(carried));
        }
        else {
            show_bytes(rt_bytes_data(carried), rt_bytes_size(carried));
        }
    }
    rt_decref(exception);
}

static void
show_task(struct rt_object *task)
{
    struct rt_object *result = rt_future_result(task);
    fputs(" | ", out);
    if (result == NULL) {
        show_error();
        return;
    }
    if (result == rt_none) {
        fputs("done", out);
    }
    else {
        show_bytes(rt_bytes_data(result), rt_bytes_size(result));
    }
    rt_decref(result);
}

static void
show_tasks(void)
{
    size_t left = 0;
    for (size_t i = 0; i < waiting_count; i++) {
        if (rt_future_is_done(waiting[i])) {
            show_task(waiting[i]);
            rt_decref(waiting[i]);
        }
        else {
            waiting[left++] = waiting[i];
        }
    }
    waiting_count = left;
}

// --- the peer --------------------------------------------------------------

static void
hang_up(void)
{
    if (peer >= 0) {
        close(peer);
        peer = -1;
    }
}

/* Without the "\n" of a script's text. */
static size_t
unescape(const char *text, char *bytes)
{
    size_t size = 0;
    for (; *text != '\0'; text++) {
        bool is_feed = text[0] == '\\' && text[1] == 'n';
        bytes[size++] = is_feed ? '\n' : *text;
        text += is_feed;
    }
    return size;
}

static void
say(const char *text)
{
    char bytes[256];
    size_t size = unescape(text, bytes);
    if (send(peer, bytes, size, MSG_NOSIGNAL) < 0) {
        rt_os_error_saying(errno, NULL);
        show_error();
    }
}

/* How many bytes come until none have come twice. */
static void
swallow(void)
{
    static char bytes[BLOCK_BYTES];
    size_t total = 0;
    for (int idle = 0; idle < 2;) {
        ssize_t count = recv(peer, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (count == 0 || (count < 0 && errno != EAGAIN)) {
            fprintf(out, "%zu, %s", total,
                    count == 0 ? "the end" : strerrorname_np(errno));
            return;
        }
        total += count > 0 ? (size_t)count : 0;
        idle = count > 0 ? 0 : idle + 1;
        settle();
    }
    fprintf(out, "%zu", total);
}

// --- the stream ------------------------------------------------------------

static char block[BLOCK_BYTES];

static void
check(int result)
{
    if (result != 0) {
        show_error();
    }
}

static void
fill(void)
{
    int result = 0;
    while (result == 0 && rt_stream_unsent(stream) == 0 &&
           !rt_stream_is_closing(stream)) {
        result = rt_stream_write(stream, block, sizeof(block));
    }
    check(result);
}

static struct rt_object *
coroutine_of(const char *word, const char *argument)
{
    char bytes[256];
    if (strcmp(word, "read") == 0) {
        return rt_stream_read(stream, atoll(argument));
    }
    if (strcmp(word, "exactly") == 0) {
        return rt_stream_read_exactly(stream, (size_t)atoll(argument));
    }
    if (strcmp(word, "until") == 0) {
        size_t size = unescape(argument, bytes);
        return rt_stream_read_until(stream, bytes, size);
    }
    if (strcmp(word, "line") == 0) {
        return rt_stream_read_line(stream);
    }
    return strcmp(word, "drain") == 0 ? rt_stream_drain(stream)
                                      : rt_stream_wait_closed(stream);
}

static void
start(const char *word, const char *argument)
{
    assert_true(waiting_count < MOST_WAITING);
    struct rt_object *task = rt_task_new(loop, coroutine_of(word, argument));
    assert_non_null(task);
    waiting[waiting_count++] = task;
}

static void
end_peer(void)
{
    shutdown(peer, SHUT_WR);
}

static void
end_writing(void)
{
    check(rt_stream_write_end(stream));
}

static void
close_stream(void)
{
    rt_stream_close(stream);
}

static void
abort_stream(void)
{
    rt_stream_abort(stream);
}

static void
look_at_end(void)
{
    fprintf(out, "%d", rt_stream_at_end(stream));
}

static void
look_at_closing(void)
{
    fprintf(out, "%d", rt_stream_is_closing(stream));
}

static void
look_at_unsent(void)
{
    fprintf(out, "%d", rt_stream_unsent(stream) > 0);
}

static void
cancel(void)
{
    if (waiting_count > 0) {
        rt_future_cancel(waiting[0], NULL);
    }
}

static const struct {
    const char *word;
    void (*obey)(void);
} WORDS[] = {
    {"peer_end", end_peer},
    {"hang_up", hang_up},
    {"swallow", swallow},
    {"fill", fill},
    {"write_end", end_writing},
    {"close", close_stream},
    {"abort", abort_stream},
    {"at_end", look_at_end},
    {"is_closing", look_at_closing},
    {"is_unsent", look_at_unsent},
    {"cancel", cancel},
};

static void
obey(const char *word, const char *argument)
{
    char *rest = NULL;
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(*WORDS); i++) {
        if (strcmp(WORDS[i].word, word) == 0) {
            WORDS[i].obey();
            return;
        }
    }
    if (strcmp(word, "say") == 0) {
        say(argument);
    }
    else if (strcmp(word, "write") == 0) {
        check(rt_stream_write(stream, block, (size_t)atoll(argument)));
    }
    else if (strcmp(word, "limits") == 0) {
        size_t high = strtoul(argument, &rest, 10);
        rt_stream_set_limits(stream, high, strtoul(rest, NULL, 10));
    }
    else {
        start(word, argument);
    }
}

// --- a script --------------------------------------------------------------

static void
ignore(struct rt_loop *where, const struct rt_loop_trouble *trouble,
       void *data)
{
    (void)where;
    (void)trouble;
    (void)data;
}

static void
begin_script(const char *line)
{
    int ends[2];
    assert_number(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    peer = ends[1];
    loop = rt_loop_new();
    rt_loop_set_exception_handler(loop, ignore, NULL);
    stream = rt_stream_new(loop, ends[0], (size_t)atoll(line + 6));
    assert_non_null(stream);
}

static void
end_script(void)
{
    rt_stream_abort(stream);
    for (size_t i = 0; i < waiting_count; i++) {
        rt_future_cancel(waiting[i], NULL);
    }
    settle();
    for (size_t i = 0; i < waiting_count; i++) {
        rt_clear(&waiting[i]);
    }
    waiting_count = 0;
    hang_up();
    rt_clear(&stream);
    rt_loop_free(loop);
    rt_gc_collect(2);
    fputs("--\n", out);
}

static void
run_line(char *line)
{
    char *space = strchr(line, ' ');
    fprintf(out, "%s: ", line);
    if (space != NULL) {
        *space = '\0';
    }
    obey(line, space != NULL ? space + 1 : "");
    settle();
    show_tasks();
    fputc('\n', out);
}

/* All scripts of a file; each ends with a line of two dashes. */
static void
run_scripts(FILE *scripts)
{
    char line[256];
    bool is_first = true;
    while (fgets(line, sizeof(line), scripts) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "--") == 0) {
            end_script();
            is_first = true;
        }
        else if (is_first) {
            begin_script(line);
            is_first = false;
        }
        else {
            run_line(line);
        }
    }
}

// --- random scripts --------------------------------------------------------

/* What the lines are made of; the weight is how many of the dice's sides. */
enum argument {
    NOTHING,
    TEXT,
    SMALL,
    LARGE,
    SEPARATOR,
    LIMITS
};

static const struct {
    const char *word;
    size_t weight;
    enum argument argument;
    bool needs_peer;
} CHOICES[] = {
    {"say", 24, TEXT, true},           {"read", 8, SMALL, false},
    {"exactly", 8, SMALL, false},      {"until", 10, SEPARATOR, false},
    {"line", 10, NOTHING, false},      {"at_end", 2, NOTHING, false},
    {"cancel", 4, NOTHING, false},     {"write", 6, LARGE, false},
    {"fill", 2, NOTHING, false},       {"drain", 6, NOTHING, false},
    {"swallow", 4, NOTHING, true},     {"limits", 3, LIMITS, false},
    {"is_unsent", 2, NOTHING, false},  {"write_end", 1, NOTHING, false},
    {"peer_end", 1, NOTHING, true},    {"hang_up", 1, NOTHING, true},
    {"close", 1, NOTHING, false},      {"abort", 1, NOTHING, false},
    {"is_closing", 1, NOTHING, false}, {"wait_closed", 2, NOTHING, false},
};

enum {
    CHOICE_COUNT = sizeof(CHOICES) / sizeof(*CHOICES)
};

static size_t
roll_choice(struct dice *dice)
{
    size_t total = 0;
    for (size_t i = 0; i < CHOICE_COUNT; i++) {
        total += CHOICES[i].weight;
    }
    size_t rolled = dice_roll(dice, total);
    size_t i = 0;
    while (rolled >= CHOICES[i].weight) {
        rolled -= CHOICES[i++].weight;
    }
    return i;
}

static void
write_text(FILE *file, struct dice *dice)
{
    static const char *const PIECES[] = {"a", "b", "-", "\\n", "cde"};
    for (size_t left = 1 + dice_roll(dice, 12); left > 0; left--) {
        fputs(PIECES[dice_roll(dice, 5)], file);
    }
}

static void
write_argument(FILE *file, struct dice *dice, enum argument kind)
{
    static const char *const SEPARATORS[] = {"-", "--", "\\n", "ab"};
    size_t low = dice_roll(dice, 2000);
    switch (kind) {
    case TEXT:
        write_text(file, dice);
        break;
    case SMALL:
        fprintf(file, "%d", (int)dice_roll(dice, 24));
        break;
    case LARGE:
        fprintf(file, "%d", (int)dice_roll(dice, 4000));
        break;
    case SEPARATOR:
        fputs(SEPARATORS[dice_roll(dice, 4)], file);
        break;
    case LIMITS:
        fprintf(file, "%zu %zu", low + dice_roll(dice, 4000), low);
        break;
    case NOTHING:
        break;
    }
}

static void
write_script(FILE *file, struct dice *dice)
{
    bool has_peer = true;
    fprintf(file, "limit %d\n", 1 + (int)dice_roll(dice, 16));
    for (size_t left = 10 + dice_roll(dice, 30); left > 0; left--) {
        size_t i = roll_choice(dice);
        if (CHOICES[i].needs_peer && !has_peer) {
            continue;
        }
        has_peer = has_peer && strcmp(CHOICES[i].word, "hang_up") != 0;
        fprintf(file, "%s%s", CHOICES[i].word,
                CHOICES[i].argument != NOTHING ? " " : "");
        write_argument(file, dice, CHOICES[i].argument);
        fputc('\n', file);
    }
    fputs("--\n", file);
}

// --- the scripts that are written down -------------------------------------

/* Each about one rule, with "; " between the lines. */
static const char *const SCRIPTS[] = {
    "limit 8; say abcdef; read 4; read 4; read 0; peer_end; read 4; at_end",
    "limit 8; read -1; say abcdefghijklmnopqrstuvwxyz; say 12; peer_end",
    "limit 8; say abc; exactly 2; exactly 2; peer_end; exactly 2; exactly 0",
    "limit 4; say 0123456789012345678901234567890; exactly 31",
    "limit 8; until --; say ab-; say -cd; until --; peer_end; at_end",
    "limit 4; say 01234-; until -; say x; until +; read 20; say 0123-; until "
    "-",
    "limit 4; say ok\\n01234\\nnext\\n; line; line; line; say 0123456; line",
    "limit 4; say 01234567; line; say \\n; line; peer_end; line; at_end",
    "limit 8; line; line; read 2; say ab\\n; cancel; exactly 1; cancel; say a",
    "limit 8; read 3; cancel; say abc; read 3; until x; peer_end",
    "limit 8; say ab; close; read 5; read 5; line; exactly 1; wait_closed",
    "limit 8; read 5; close; at_end; is_closing; write 5; drain; drain",
    "limit 8; read 5; abort; wait_closed; wait_closed; drain",
    "limit 8; wait_closed; cancel; close; wait_closed",
    "limit 8; hang_up; read 5; write 5; write 5; write 5; wait_closed; line",
    "limit 8; read 5; hang_up; drain; write 1; drain; is_closing",
    "limit 8; write 5; say ab; hang_up; read 9; line",
    "limit 8; write 9; swallow; write_end; write 1; write 0; swallow; say x; "
    "read 3; write_end; close; write 1",
    "limit 8; limits 1000 100; fill; drain; drain; is_unsent; swallow; drain",
    "limit 8; fill; write_end; swallow; say x; read 4; drain",
    "limit 8; fill; close; write 7; wait_closed; drain; swallow; drain",
    "limit 8; fill; limits 10 1; drain; cancel; drain; abort; swallow",
    "limit 8; limits 10 1; fill; drain; hang_up; wait_closed; drain; read 1",
    "limit 8; fill; close; abort; wait_closed; swallow",
    "limit 8; fill; close; hang_up; wait_closed; write 3; drain",
    "limit 8; close; write_end; write 1; peer_end; wait_closed; at_end",
    "limit 4; say 012345678; say abc; read 5; read 50; peer_end; read 1",
};

static void
write_scripts(FILE *file)
{
    for (size_t i = 0; i < sizeof(SCRIPTS) / sizeof(*SCRIPTS); i++) {
        const char *text = SCRIPTS[i];
        for (const char *end = text; end != NULL; text = end + 2) {
            end = strstr(text, "; ");
            fprintf(file, "%.*s\n",
                    end != NULL ? (int)(end - text) : (int)strlen(text), text);
            if (end == NULL) {
                break;
            }
        }
        fputs("--\n", file);
    }
    struct dice dice = {.seed = 20261121};
    for (int i = 0; i < RANDOM_SCRIPTS; i++) {
        write_script(file, &dice);
    }
}

// --- both sides ------------------------------------------------------------

/* A Python whose asyncio is like the one that the runtime follows, or NULL. */
static const char *
find_python(void)
{
    static const char *const NAMES[] = {"python3.12", "python3.13",
                                        "python3.11", "python3",
                                        "/usr/bin/python3"};
    char line[512];
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++) {
        snprintf(line, sizeof(line),
                 "%s -c 'import sys; sys.exit(not (3, 11) <= "
                 "sys.version_info[:2] <= (3, 13))' 2> /dev/null",
                 NAMES[i]);
        if (system(line) == 0) {
            return NAMES[i];
        }
    }
    return NULL;
}

static FILE *
open_in(const char *folder, const char *name, const char *mode)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    return file;
}

/* The script in which both differ, as far as they do not. */
static void
expect_same(FILE *ours, FILE *theirs)
{
    char line[2][512];
    char script[16 * 1024] = "";
    int scripts = 0;
    while (fgets(line[1], sizeof(line[1]), theirs) != NULL) {
        line[0][0] = '\0';
        if (fgets(line[0], sizeof(line[0]), ours) == NULL ||
            strcmp(line[0], line[1]) != 0) {
            fprintf(stderr, "%s> %s< %s", script, line[1], line[0]);
            fail();
        }
        size_t length = strlen(script);
        snprintf(script + length, sizeof(script) - length, "%s", line[0]);
        if (strcmp(line[0], "--\n") == 0) {
            script[0] = '\0';
            scripts++;
        }
    }
    assert_number(scripts,
                  sizeof(SCRIPTS) / sizeof(*SCRIPTS) + RANDOM_SCRIPTS);
}

static void
streams_do_what_those_of_asyncio_do(void **state)
{
    (void)state;
    const char *python = find_python();
    if (python == NULL) {
        print_message("skipped: there is no python3 from 3.11 to 3.13\n");
        skip();
    }
    char *folder = tempdir_make();
    char command[1024];
    FILE *scripts = open_in(folder, "scripts", "w+");
    write_scripts(scripts);
    rewind(scripts);
    out = open_in(folder, "ours", "w+");
    run_scripts(scripts);
    rewind(out);
    snprintf(command, sizeof(command), "%s %s < %s/scripts > %s/theirs",
             python, PYTHON_SIDE, folder, folder);
    assert_number(system(command), 0);
    FILE *theirs = open_in(folder, "theirs", "r");
    expect_same(out, theirs);
    fclose(theirs);
    fclose(out);
    fclose(scripts);
    tempdir_remove(folder);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(streams_do_what_those_of_asyncio_do),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
