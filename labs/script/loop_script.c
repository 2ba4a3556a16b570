#include "labs/script/loop_script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/script/loop_machine.h"
#include "labs/script/loop_show.h"

enum {
    MOST_DEPTH = 1000, // of blocks in blocks
    MOST_WORDS = 1000  // of a line
};

static const char BLANKS[] = " \t\r\f\v";

/* Where the next node goes: the end of a block that is still open. */
struct place {
    struct loop_node *owner; // NULL: the script itself
    struct loop_node **end;
};

struct reader {
    struct loop_script *script;
    struct place stack[MOST_DEPTH];
    size_t depth;
    int line;
    char *why;
    size_t room;
};

static void *
take(void *memory)
{
    if (memory == NULL) {
        fputs("rt-script: out of memory\n", stderr);
        exit(70);
    }
    return memory;
}

static int
refuse(const struct reader *reader, const char *what, const char *which)
{
    snprintf(reader->why, reader->room, "line %d: %s%s", reader->line, what,
             which);
    return -1;
}

static bool
is_one_of(const char *word, const char *words)
{
    size_t length = strlen(word);
    const char *found = words;
    while ((found = strstr(found, word)) != NULL) {
        if ((found == words || found[-1] == ' ') &&
            (found[length] == ' ' || found[length] == '\0')) {
            return true;
        }
        found += length;
    }
    return false;
}

// --- lines and blocks ------------------------------------------------------

/* A node of the line's words. */
static struct loop_node *
make_node(char *line, int number)
{
    struct loop_node *node = take(calloc(1, sizeof(*node)));
    char *save = NULL;
    node->line = number;
    node->name = strtok_r(line, BLANKS, &save);
    node->words = take(malloc(MOST_WORDS * sizeof(*node->words)));
    for (char *word = strtok_r(NULL, BLANKS, &save);
         word != NULL && node->count < MOST_WORDS;
         word = strtok_r(NULL, BLANKS, &save)) {
        node->words[node->count++] = word;
    }
    node->words = take(realloc(node->words, (size_t)(node->count + 1) *
                                                sizeof(*node->words)));
    return node;
}

static int
open_part(struct reader *reader, struct loop_node *node, enum loop_part part)
{
    if (reader->depth == MOST_DEPTH) {
        return refuse(reader, "too many blocks", "");
    }
    node->has[part] = true;
    reader->stack[reader->depth++] =
        (struct place){.owner = node, .end = &node->first[part]};
    return 0;
}

/* `cancelled`, `except` and `finally` go on with another part of a try. */
static int
read_mark(struct reader *reader, const char *mark, enum loop_part part)
{
    struct loop_node *owner = reader->stack[reader->depth - 1].owner;
    if (owner == NULL || strcmp(owner->name, "try") != 0) {
        return refuse(reader, mark, " outside try");
    }
    if (owner->has[part]) {
        return refuse(reader, "a second ", mark);
    }
    reader->depth--;
    return open_part(reader, owner, part);
}

static bool
is_word(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && strncmp(text, word, length) == 0;
}

static int
read_line(struct reader *reader, char *line)
{
    static const char *const MARKS[LOOP_PARTS] = {
        [LOOP_BODY] = "",
        [LOOP_CANCELLED] = "cancelled",
        [LOOP_EXCEPT] = "except",
        [LOOP_FINALLY] = "finally",
    };
    char *word = line + strspn(line, BLANKS);
    size_t length = strcspn(word, BLANKS);
    for (enum loop_part part = LOOP_CANCELLED; part < LOOP_PARTS; part++) {
        if (is_word(word, length, MARKS[part])) {
            return read_mark(reader, MARKS[part], part);
        }
    }
    if (is_word(word, length, "end")) {
        reader->depth--;
        return reader->depth == 0 ? refuse(reader, "end without a block", "")
                                  : 0;
    }
    struct place *place = &reader->stack[reader->depth - 1];
    struct loop_node *node = make_node(line, reader->line);
    *place->end = node;
    place->end = &node->next;
    return is_one_of(node->name,
                     "task main try timeout with_lock with_sem repeat "
                     "taskgroup action outside rawgroup rawtimeout with_cond")
               ? open_part(reader, node, LOOP_BODY)
               : 0;
}

// --- checks ----------------------------------------------------------------

static bool
is_number(const char *word, bool is_whole)
{
    char *end = NULL;
    size_t digits = strspn(word + (*word == '-'), "0123456789");
    errno = 0;
    if (is_whole) {
        (void)strtol(word, &end, 10);
    }
    else {
        (void)strtod(word, &end);
    }
    return digits > 0 && digits < 10 && *end == '\0' && errno == 0 &&
           strspn(word, "-0123456789.") == strlen(word);
}

static bool
fits(const struct loop_script *script, char letter, const char *word)
{
    static const struct {
        char letter;
        const char *kinds;
    } THINGS[] = {
        {'f', "future"},  {'x', "lock sem bsem cond"},
        {'l', "lock"},    {'s', "sem bsem"},
        {'e', "event"},   {'n', "cond"},
        {'b', "barrier"}, {'q', "queue lifo prio"},
        {'t', "task"},    {'k', "future task"},
        {'v', "var"},     {'a', "action"},
    };
    for (size_t i = 0; i < sizeof(THINGS) / sizeof(THINGS[0]); i++) {
        if (THINGS[i].letter == letter) {
            return loop_script_find(script, THINGS[i].kinds, word) != NULL;
        }
    }
    if (letter == 'r') {
        return loop_read_error(word) != RT_ERROR_NONE;
    }
    return letter == 'w' || is_number(word, letter == 'i') ||
           (letter == 'o' && strcmp(word, "none") == 0);
}

/* The words that may stand among the k of a + . */
static bool
is_option(const struct loop_node *node, int at)
{
    const char *word = node->words[at];
    bool is_wait = strcmp(node->name, "wait") == 0;
    if (is_wait || is_one_of(node->name, "as_completed as_completed_of")) {
        return (is_wait && at == 0 && is_one_of(word, "ALL FIRST EXC")) ||
               (at == node->count - 2 && strcmp(word, "timeout") == 0) ||
               (at == node->count - 1 && at > 1 &&
                strcmp(node->words[at - 1], "timeout") == 0 &&
                is_number(word, false));
    }
    return is_one_of(node->name, "gather fgather") &&
           strcmp(word, "return_exceptions") == 0;
}

static bool
check_words(const struct loop_script *script, const struct loop_node *node,
            const char *letters)
{
    int at = 0;
    for (; *letters != '\0' && *letters != '*' && *letters != '+'; letters++) {
        if (at >= node->count || !fits(script, *letters, node->words[at])) {
            return false;
        }
        at++;
    }
    if (*letters == '*') {
        return true;
    }
    if (strcmp(node->name, "wait") == 0 &&
        (node->count < 2 || !is_option(node, 0) ||
         strcmp(node->words[1], "timeout") == 0)) {
        return false;
    }
    if (*letters == '+' &&
        is_one_of(node->name, "as_completed as_completed_of") &&
        (node->count <= at || strcmp(node->words[at], "timeout") == 0)) {
        return false;
    }
    for (; *letters == '+' && at < node->count; at++) {
        if (!is_option(node, at) && !fits(script, 'k', node->words[at])) {
            return false;
        }
    }
    return at == node->count;
}

static int
check_block(struct reader *reader, struct loop_node *node, bool may_wait)
{
    for (; node != NULL; node = node->next) {
        reader->line = node->line;
        node->operation = loop_operation_find(node->name);
        if (node->operation == NULL) {
            return refuse(reader, "unknown op ", node->name);
        }
        if (!check_words(reader->script, node, node->operation->arguments)) {
            return refuse(reader, "wrong words after ", node->name);
        }
        if (!may_wait && node->operation->code != NULL) {
            return refuse(reader, "nothing waits here: ", node->name);
        }
        for (int part = 0; part < LOOP_PARTS; part++) {
            if (check_block(reader, node->first[part], may_wait) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

static int
check_declaration(struct reader *reader, const struct loop_node *node)
{
    static const struct {
        const char *name, *letters;
    } KINDS[] = {
        {"future", "w"}, {"lock", "w"},     {"sem", "wi"},   {"bsem", "wi"},
        {"event", "w"},  {"cond", "w"},     {"queue", "wi"}, {"lifo", "wi"},
        {"prio", "wi"},  {"barrier", "wi"}, {"task", "w"},   {"main", ""},
        {"eager", ""},   {"var", "w"},      {"debug", ""},   {"outside", ""},
        {"action", "w"},
    };
    bool may_wait = !is_one_of(node->name, "action outside");
    reader->line = node->line;
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        if (strcmp(KINDS[i].name, node->name) == 0) {
            return check_words(reader->script, node, KINDS[i].letters)
                       ? check_block(reader, node->first[LOOP_BODY], may_wait)
                       : refuse(reader, "wrong words after ", node->name);
        }
    }
    return refuse(reader, "unknown declaration ", node->name);
}

static int
check(struct reader *reader)
{
    bool has_main = false;
    for (const struct loop_node *node = reader->script->declarations;
         node != NULL; node = node->next) {
        if (check_declaration(reader, node) != 0) {
            return -1;
        }
        has_main = has_main || strcmp(node->name, "main") == 0;
    }
    if (!has_main) {
        snprintf(reader->why, reader->room, "no main");
        return -1;
    }
    return 0;
}

// --- the whole -------------------------------------------------------------

static int
read_lines(struct reader *reader)
{
    char *line = reader->script->text;
    while (*line != '\0') {
        char *end = line + strcspn(line, "\n");
        char *next = *end == '\n' ? end + 1 : end;
        *end = '\0';
        line[strcspn(line, "#")] = '\0';
        reader->line++;
        if (line[strspn(line, BLANKS)] != '\0' &&
            read_line(reader, line) != 0) {
            return -1;
        }
        line = next;
    }
    if (reader->depth != 1) {
        snprintf(reader->why, reader->room, "block not closed");
        return -1;
    }
    return 0;
}

int
loop_script_parse(struct loop_script *script, char *text, char *why,
                  size_t room)
{
    struct reader *reader = take(calloc(1, sizeof(*reader)));
    *script = (struct loop_script){.text = text};
    reader->script = script;
    reader->stack[0].end = &script->declarations;
    reader->depth = 1;
    reader->why = why;
    reader->room = room;
    int result = read_lines(reader);
    if (result == 0) {
        result = check(reader);
    }
    free(reader);
    if (result != 0) {
        loop_script_release(script);
    }
    return result;
}

static void
release_block(struct loop_node *node)
{
    while (node != NULL) {
        struct loop_node *next = node->next;
        for (int part = 0; part < LOOP_PARTS; part++) {
            release_block(node->first[part]);
        }
        free(node->words);
        free(node);
        node = next;
    }
}

void
loop_script_release(struct loop_script *script)
{
    release_block(script->declarations);
    free(script->text);
    *script = (struct loop_script){0};
}

const struct loop_node *
loop_script_find(const struct loop_script *script, const char *kinds,
                 const char *name)
{
    const struct loop_node *found = NULL;
    for (const struct loop_node *node = script->declarations; node != NULL;
         node = node->next) {
        if (node->count > 0 && strcmp(node->words[0], name) == 0 &&
            is_one_of(node->name, kinds)) {
            found = node; // the latest counts
        }
    }
    return found;
}
