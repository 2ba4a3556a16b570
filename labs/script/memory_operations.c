/* Which operations there are, and whether the words behind one fit it. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/error.h"
#include "labs/script/memory_machine.h"

static int
op_print(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    memory_begin("");
    for (int i = 0; i < count; i++) {
        printf("%s%s", i > 0 ? " " : "", words[i]);
    }
    putchar('\n');
    return 0;
}

static int
op_raise(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    (void)words;
    (void)count;
    return rt_error_set(RT_ERROR_RUNTIME, "ActionError");
}

static const struct operation others[] = {
    {"print", "*", false, false, op_print},
    {"raise", "", false, false, op_raise},
    {0},
};

static const struct operation *const TABLES[] = {
    memory_objects, memory_weak,       memory_collector,
    memory_copies,  memory_generators, others};

const struct operation *
operation_find(const char *name)
{
    for (size_t i = 0; i < sizeof(TABLES) / sizeof(*TABLES); i++) {
        for (const struct operation *row = TABLES[i]; row->name != NULL;
             row++) {
            if (strcmp(row->name, name) == 0) {
                return row;
            }
        }
    }
    return NULL;
}

static bool
is_name(const char *word)
{
    size_t length = strlen(word);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)word[i];
        if (byte < 0x80 && byte != '_' && !isalpha(byte) &&
            (i == 0 || !isdigit(byte))) {
            return false;
        }
    }
    return length > 0;
}

static bool
is_one_of(const char *word, const char *const *known)
{
    while (*known != NULL && strcmp(word, *known) != 0) {
        known++;
    }
    return *known != NULL;
}

/* What is wrong with a word that should be what its letter says; NULL if it
 * is. */
static const char *
fault_of(const struct script *in, char letter, const char *word)
{
    static const char *const KINDS[] = {
        "obj", "fin", "list", "dict", "atom", "tuple", "wvdict", "wset", NULL};
    static const char *const CHAINS[] = {"obj", "fin", "list", NULL};
    static const char *const NESTS[] = {"obj", "list", "tuple", "dict", NULL};
    char *end = NULL;
    switch (letter) {
    case 'v':
        return is_name(word) ? NULL : "bad name";
    case 'f':
        return word[0] >= 'a' && word[0] <= 'd' && word[1] == '\0'
                   ? NULL
                   : "bad field";
    case 'k':
        return is_one_of(word, KINDS) ? NULL : "unknown kind";
    case 'c':
        return is_one_of(word, CHAINS) ? NULL : "unknown kind";
    case 'h':
        return is_one_of(word, NESTS) ? NULL : "unknown kind";
    case 'n':
        (void)strtol(word, &end, 10);
        return *word != '\0' && *end == '\0' ? NULL : "no number";
    case 'a':
        return script_action(in, word) != NULL ? NULL : "unknown action";
    default:
        return NULL;
    }
}

static int
check_word(const struct script *in, char letter, const char *word, char *why,
           size_t room)
{
    const char *fault = fault_of(in, letter, word);
    if (fault != NULL) {
        snprintf(why, room, "%s %s", fault, word);
    }
    return fault != NULL ? -1 : 0;
}

/* What follows the kind of a new object. */
static int
check_new(const struct script *in, char *const *words, int count, char *why,
          size_t room)
{
    if (strcmp(words[1], "fin") == 0 && count > 2) {
        return check_word(in, 'a', words[2], why, room);
    }
    bool is_tuple = strcmp(words[1], "tuple") == 0;
    for (int i = 2; is_tuple && i < count; i++) {
        if (check_word(in, 'v', words[i], why, room) != 0) {
            return -1;
        }
    }
    return 0;
}

int
operation_check(const struct script *in, const struct operation *operation,
                char *const *words, int count, char *why, size_t room)
{
    bool optional = false;
    int at = 0;
    for (const char *letter = operation->words;
         *letter != '\0' && *letter != '*'; letter++) {
        if (*letter == '?') {
            optional = true;
            continue;
        }
        if (at == count && !optional) {
            snprintf(why, room, "list index out of range");
            return -1;
        }
        if (at < count && check_word(in, *letter, words[at], why, room) != 0) {
            return -1;
        }
        at++;
    }
    bool is_new = strcmp(operation->name, "new") == 0;
    return is_new ? check_new(in, words, count, why, room) : 0;
}
