#include "quiz/io/content_reader.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "quiz/core/arena.h"
#include "quiz/core/suggest.h"
#include "quiz/core/text.h"

int
reader_fault(const struct reader *reader, const struct ynode *node,
             const char *format, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    faults_add(reader->faults, FAULT_ERROR, reader->file, node->line,
               node->column, "%s", message);
    return -1;
}

static const char *
kind_name(const struct ynode *node)
{
    switch (node->kind) {
    case YNODE_LIST:
        return tr("a list");
    case YNODE_MAP:
        return tr("a mapping");
    case YNODE_SCALAR:
        break;
    }
    return tr("a text");
}

static int
expected(const struct reader *reader, const struct ynode *node,
         const char *what)
{
    if (node->faulty && node->kind == YNODE_SCALAR) {
        return -1; // said already, when it was parsed
    }
    if (node->kind != YNODE_SCALAR) {
        return reader_fault(reader, node, tr("found %s, expected %s"),
                            kind_name(node), what);
    }
    // The first line, but not more than 60 bytes and no half character.
    size_t length = strcspn(node->text, "\n");
    if (length > 60) {
        length = 60;
        while (length > 0 && (node->text[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    return reader_fault(reader, node, tr("found '%.*s', expected %s"),
                        (int)length, node->text, what);
}

/* Returns the name of the field that was meant, or NULL. */
static const char *
unknown_key(const struct reader *reader, const struct ynode *key,
            const struct field *fields, size_t count)
{
    struct suggest suggest = suggest_begin(key->text);
    if (strcmp(key->text, "<<") == 0) {
        reader_fault(reader, key, tr("merge keys are not allowed here"));
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        suggest_offer(&suggest, fields[i].name);
    }
    if (suggest.best != NULL) {
        reader_fault(reader, key, tr("unknown key '%s': did you mean '%s'?"),
                     key->text, suggest.best);
        return suggest.best;
    }
    struct text known = {0};
    for (size_t i = 0; i < count; i++) {
        text_add_format(&known, "%s%s", i > 0 ? ", " : "", fields[i].name);
    }
    reader_fault(reader, key, tr("unknown key '%s'; known here: %s"),
                 key->text, text_string(&known));
    text_release(&known);
    return NULL;
}

/* The place of a field; count if there is none. Keys mostly stand in the order
 * of the fields, so the search begins behind the one found last. */
static size_t
place_of(const struct ynode *key, const struct field *fields, size_t count,
         size_t from)
{
    for (size_t i = from; i < count; i++) {
        if (strcmp(fields[i].name, key->text) == 0) {
            return i;
        }
    }
    for (size_t i = 0; i < from; i++) {
        if (strcmp(fields[i].name, key->text) == 0) {
            return i;
        }
    }
    return count;
}

int
read_map(const struct reader *reader, const struct ynode *node,
         const struct field *fields, size_t count, const struct ynode **values)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = NULL;
    }
    if (node->kind != YNODE_MAP) {
        return expected(reader, node, tr("a mapping"));
    }
    size_t next = 0;
    const char *meant = NULL; // the last field that was misspelt
    for (size_t i = 0; i + 1 < node->count; i += 2) {
        const struct ynode *key = node->items[i];
        if (key->kind != YNODE_SCALAR || key->faulty) {
            expected(reader, key, tr("a key"));
            continue;
        }
        size_t place = place_of(key, fields, count, next);
        if (place == count) {
            const char *near = unknown_key(reader, key, fields, count);
            meant = near != NULL ? near : meant;
            continue;
        }
        next = place + 1;
        if (values[place] != NULL) {
            reader_fault(reader, key, tr("key '%s' stands twice"), key->text);
        }
        else {
            values[place] = node->items[i + 1];
        }
    }
    for (size_t i = 0; i < count && !node->cut; i++) {
        if (fields[i].required && values[i] == NULL &&
            fields[i].name != meant) {
            reader_fault(reader, node, tr("key '%s' is missing"),
                         fields[i].name);
        }
    }
    return 0;
}

int
read_list(const struct reader *reader, const struct ynode *node, size_t least)
{
    if (node->kind != YNODE_LIST) {
        return expected(reader, node, tr("a list"));
    }
    if (node->count < least && !node->cut) {
        return reader_fault(reader, node,
                            tr("a list of %zu, expected at least %zu"),
                            node->count, least);
    }
    return 0;
}

/* What YAML takes for nothing at all unless it is quoted. */
static bool
is_null(const struct ynode *node)
{
    return node->plain && (strcmp(node->text, "~") == 0 ||
                           strcasecmp(node->text, "null") == 0);
}

int
read_text(const struct reader *reader, const struct ynode *node,
          const char **text)
{
    if (node == NULL) {
        return 0;
    }
    if (node->kind != YNODE_SCALAR || node->faulty) {
        return expected(reader, node, tr("a text"));
    }
    if (is_null(node)) {
        return reader_fault(reader, node,
                            tr("'%s' is no text unless it is quoted"),
                            node->text);
    }
    if (node->text[strspn(node->text, " \t\n")] == '\0') {
        return reader_fault(reader, node, tr("the text is empty"));
    }
    *text = node->text;
    return 0;
}

int
read_id(const struct reader *reader, const struct ynode *node, bool underscore,
        const char **id)
{
    const char *text = NULL;
    if (node == NULL) {
        return 0;
    }
    if (read_text(reader, node, &text) != 0 || text == NULL) {
        return -1;
    }
    const char *allowed = underscore ? "abcdefghijklmnopqrstuvwxyz0123456789_-"
                                     : "abcdefghijklmnopqrstuvwxyz0123456789-";
    size_t length = strlen(text);
    if (strspn(text, allowed) != length || length > 64 || text[0] == '-' ||
        text[length - 1] == '-' || strstr(text, "--") != NULL) {
        return expected(
            reader, node,
            underscore ? tr("a name: lower-case letters, digits and '_'")
                       : tr("an id: lower-case letters, digits and single "
                            "hyphens between them"));
    }
    *id = text;
    return 0;
}

int
read_bool(const struct reader *reader, const struct ynode *node, bool *value)
{
    if (node == NULL) {
        return 0;
    }
    bool yes = strcmp(node->text, "true") == 0;
    if (!node->plain || (!yes && strcmp(node->text, "false") != 0)) {
        return expected(reader, node, tr("true or false"));
    }
    *value = yes;
    return 0;
}

/* Whether it can be a number as every YAML parser reads it: no quotes, no
 * octal, hexadecimal, infinity or underscores. */
static bool
is_decimal(const struct ynode *node)
{
    const char *digits = node->text + (node->text[0] == '-');
    return node->plain && digits[0] >= '0' && digits[0] <= '9' &&
           (digits[0] != '0' || digits[1] < '0' || digits[1] > '9') &&
           digits[strspn(digits, "0123456789.eE+-")] == '\0';
}

int
read_int(const struct reader *reader, const struct ynode *node, int low,
         int high, int *value)
{
    if (node == NULL) {
        return 0;
    }
    char *end = NULL;
    errno = 0;
    long number = is_decimal(node) ? strtol(node->text, &end, 10) : 0;
    if (end == NULL || errno != 0 || *end != '\0' || number < low ||
        number > high) {
        char what[96];
        snprintf(what, sizeof(what),
                 low == high ? tr("the number %d")
                             : tr("a whole number from %d to %d"),
                 low, high);
        return expected(reader, node, what);
    }
    *value = (int)number;
    return 0;
}

int
read_double(const struct reader *reader, const struct ynode *node, double low,
            double high, double *value)
{
    if (node == NULL) {
        return 0;
    }
    char *end = NULL;
    double number = is_decimal(node) ? strtod(node->text, &end) : 0;
    if (end == NULL || *end != '\0' || !isfinite(number) || number < low ||
        number > high) {
        char what[96];
        snprintf(what, sizeof(what),
                 low < 0          ? tr("a number")
                 : high < DBL_MAX ? tr("a number from %g to %g")
                                  : tr("a number that is not negative"),
                 low, high);
        return expected(reader, node, what);
    }
    *value = number;
    return 0;
}

int
read_name(const struct reader *reader, const struct ynode *node,
          const char *const *names, size_t count, int *value)
{
    if (node == NULL) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (node->kind == YNODE_SCALAR && strcmp(node->text, names[i]) == 0) {
            *value = (int)i;
            return 0;
        }
    }
    struct text known = {0};
    for (size_t i = 0; i < count; i++) {
        text_add_format(&known, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    struct text what = {0};
    text_add_format(&what, tr("one of: %s"), text_string(&known));
    expected(reader, node, text_string(&what));
    text_release(&what);
    text_release(&known);
    return -1;
}

int
read_strings(const struct reader *reader, const struct ynode *node,
             struct strings *strings)
{
    if (node == NULL) {
        return 0;
    }
    bool list = node->kind == YNODE_LIST;
    size_t count = list ? node->count : 1;
    const char **items =
        arena_take(reader->arena, (count + 1) * sizeof(*items));
    int result = 0;
    for (size_t i = 0; i < count; i++) {
        items[i] = "";
        result |= read_text(reader, list ? node->items[i] : node, &items[i]);
    }
    *strings = (struct strings){.items = items, .count = count};
    return result;
}

int
read_both(const struct reader *reader, const struct ynode *at,
          const struct ynode *const *both, struct bilingual *text)
{
    int result = 0;
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        if (both[lang] == NULL) {
            result =
                reader_fault(reader, at, tr("the translation '%s' is missing"),
                             lang_name((enum lang)lang));
        }
        else {
            result |= read_text(reader, both[lang], &text->in[lang]);
        }
    }
    return result;
}

static const struct field LANGS[LANG_COUNT] = {{"en", false}, {"ru", false}};

int
read_bilingual(const struct reader *reader, const struct ynode *node,
               struct bilingual *text)
{
    const struct ynode *both[LANG_COUNT];
    if (node == NULL) {
        return 0;
    }
    if (node->kind != YNODE_MAP) {
        return expected(reader, node,
                        tr("both languages: {en: ..., ru: ...}"));
    }
    if (read_map(reader, node, LANGS, LANG_COUNT, both) != 0) {
        return -1;
    }
    return read_both(reader, node, both, text);
}

int
read_accepted(const struct reader *reader, const struct ynode *node,
              struct accepted *accepted)
{
    if (node == NULL) {
        return 0;
    }
    if (node->kind != YNODE_MAP) {
        if (node->kind == YNODE_LIST && read_list(reader, node, 1) != 0) {
            return -1;
        }
        int result = read_strings(reader, node, &accepted->in[LANG_EN]);
        accepted->in[LANG_RU] = accepted->in[LANG_EN];
        return result;
    }
    const struct ynode *both[LANG_COUNT];
    int result = read_map(reader, node, LANGS, LANG_COUNT, both);
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        if (both[lang] == NULL) {
            result = reader_fault(reader, node,
                                  tr("the translation '%s' is missing"),
                                  lang_name((enum lang)lang));
        }
        else if (both[lang]->kind == YNODE_LIST &&
                 read_list(reader, both[lang], 1) != 0) {
            result = -1;
        }
        else {
            result |= read_strings(reader, both[lang], &accepted->in[lang]);
        }
    }
    return result;
}

int
read_bilinguals(const struct reader *reader, const struct ynode *node,
                size_t least, const struct bilingual **texts, size_t *count)
{
    if (node == NULL) {
        return 0;
    }
    if (read_list(reader, node, least) != 0) {
        return -1;
    }
    struct bilingual *items =
        arena_take(reader->arena, (node->count + 1) * sizeof(*items));
    int result = 0;
    for (size_t i = 0; i < node->count; i++) {
        result |= read_bilingual(reader, node->items[i], &items[i]);
    }
    *texts = items;
    *count = node->count;
    return result;
}
