#include "quiz/io/ydoc.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "quiz/core/arena.h"
#include "quiz/core/lang.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"

void
faults_release(struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        free(faults->items[i].file);
        free(faults->items[i].message);
    }
    free(faults->items);
    *faults = (struct faults){0};
}

void
faults_add(struct faults *faults, enum fault_severity severity,
           const char *file, int line, int column, const char *format, ...)
{
    faults->errors += severity == FAULT_ERROR;
    if (faults->count >= (faults->limit > 0 ? faults->limit : YDOC_FAULTS)) {
        faults->left_out++;
        return;
    }
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    faults->items = xreallocarray(faults->items, faults->count + 1,
                                  sizeof(*faults->items));
    faults->items[faults->count++] =
        (struct fault){.severity = severity,
                       .file = xstrdup(file),
                       .line = line,
                       .column = column,
                       .message = xstrdup(message)};
}

/* The tree is built while the events come: open collections lie on a stack of
 * at most YDOC_DEPTH, and their items in one growing array, the innermost
 * last, until the collection ends and they are copied into the arena. */
struct level {
    struct ynode *node;
    size_t first; // of its items
};

struct builder {
    yaml_parser_t parser;
    struct arena *arena;
    const char *file;
    const char *bytes; // behind a byte order mark
    size_t length;
    struct faults *faults;
    struct level levels[YDOC_DEPTH];
    int depth; // of open collections; may go beyond YDOC_DEPTH
    const struct ynode **items;
    size_t count, capacity;
    const struct ynode *root;
    int documents;
    bool broken; // the rest of the file cannot be read
};

__attribute__((format(printf, 3, 4))) static void
complain(struct builder *builder, yaml_mark_t mark, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    faults_add(builder->faults, FAULT_ERROR, builder->file, (int)mark.line + 1,
               (int)mark.column + 1, "%s", message);
}

static void
push_item(struct builder *builder, const struct ynode *node)
{
    if (builder->depth == 0) {
        builder->root = node;
        return;
    }
    if (builder->count == builder->capacity) {
        builder->capacity =
            builder->capacity == 0 ? 64 : builder->capacity * 2;
        builder->items = xreallocarray(builder->items, builder->capacity,
                                       sizeof(struct ynode *));
    }
    builder->items[builder->count++] = node;
}

static struct ynode *
new_node(struct builder *builder, enum ynode_kind kind, yaml_mark_t mark)
{
    struct ynode *node = arena_take(builder->arena, sizeof(*node));
    node->kind = kind;
    node->line = (int)mark.line + 1;
    node->column = (int)mark.column + 1;
    node->text = "";
    return node;
}

/* The first control character of a text but newline and tab, or NULL. C1
 * controls (U+0080..U+009F) move a terminal's cursor as well. */
static const char *
find_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F) {
            return text + i;
        }
        if (byte == 0xC2 && (unsigned char)text[i + 1] < 0xA0) {
            return text + i;
        }
    }
    return NULL;
}

/* An anchor or a tag on a node; tags that YAML implies are not seen here. */
static void
refuse_extras(struct builder *builder, struct ynode *node,
              const yaml_char_t *anchor, const yaml_char_t *tag,
              yaml_mark_t mark)
{
    node->faulty = anchor != NULL || tag != NULL;
    if (anchor != NULL) {
        complain(builder, mark,
                 tr("anchors are not allowed here: found '&%s'"),
                 (const char *)anchor);
    }
    if (tag != NULL) {
        const char *name = (const char *)tag;
        bool printable = find_control(name, strlen(name)) == NULL;
        complain(builder, mark, tr("tags are not allowed here: found '%s'"),
                 printable ? name : "!");
    }
}

static void
on_scalar(struct builder *builder, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    struct ynode *node = new_node(builder, YNODE_SCALAR, event->start_mark);
    refuse_extras(builder, node, event->data.scalar.anchor,
                  event->data.scalar.tag, event->start_mark);
    if (length > YDOC_SCALAR_BYTES) {
        complain(builder, event->start_mark,
                 tr("a text of %zu bytes is too long: at most %d are "
                    "allowed"),
                 length, YDOC_SCALAR_BYTES);
        node->faulty = true;
        length = 0;
    }
    const char *control = find_control(text, length);
    if (control != NULL) {
        // One of U+0080..U+009F has the code of its second byte.
        const char *code = control + ((unsigned char)*control == 0xC2);
        complain(builder, event->start_mark,
                 tr("a control character (U+%04X) in a text: remove it"),
                 (unsigned)(unsigned char)*code);
        node->faulty = true;
        length = 0;
    }
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = arena_string(builder->arena, text, length);
    node->length = length;
    push_item(builder, node);
}

static void
on_start(struct builder *builder, enum ynode_kind kind,
         const yaml_event_t *event)
{
    bool list = kind == YNODE_LIST;
    bool too_deep = builder->depth >= YDOC_DEPTH;
    struct ynode *node =
        new_node(builder, too_deep ? YNODE_SCALAR : kind, event->start_mark);
    refuse_extras(builder, node,
                  list ? event->data.sequence_start.anchor
                       : event->data.mapping_start.anchor,
                  list ? event->data.sequence_start.tag
                       : event->data.mapping_start.tag,
                  event->start_mark);
    if (builder->depth == YDOC_DEPTH) {
        complain(builder, event->start_mark,
                 tr("nested deeper than %d levels"), YDOC_DEPTH);
        node->faulty = true;
        push_item(builder, node);
    }
    if (!too_deep) {
        push_item(builder, node);
        builder->levels[builder->depth] =
            (struct level){.node = node, .first = builder->count};
    }
    builder->depth++;
    // libyaml's work for each token grows with the depth.
    builder->broken |= builder->depth > 2 * YDOC_DEPTH;
}

static void
on_end(struct builder *builder)
{
    builder->depth--;
    if (builder->depth >= YDOC_DEPTH) {
        return;
    }
    struct level *level = &builder->levels[builder->depth];
    level->node->count = builder->count - level->first;
    level->node->items =
        arena_copy(builder->arena, builder->items + level->first,
                   level->node->count * sizeof(struct ynode *));
    for (size_t i = 0; i < level->node->count; i++) {
        level->node->faulty |= level->node->items[i]->faulty;
    }
    builder->count = level->first;
}

static void
on_event(struct builder *builder, const yaml_event_t *event)
{
    // What lies too deep is read to its end, where that is near, but not kept.
    bool too_deep = builder->depth > YDOC_DEPTH;
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++builder->documents == 2) {
            complain(builder, event->start_mark,
                     tr("a second document: one per file is expected"));
            builder->broken = true;
        }
        break;
    case YAML_SCALAR_EVENT:
        if (!too_deep) {
            on_scalar(builder, event);
        }
        break;
    case YAML_ALIAS_EVENT:
        complain(builder, event->start_mark,
                 tr("aliases are not allowed here: found '*%s'"),
                 (const char *)event->data.alias.anchor);
        if (!too_deep) {
            struct ynode *node =
                new_node(builder, YNODE_SCALAR, event->start_mark);
            node->faulty = true;
            push_item(builder, node);
        }
        break;
    case YAML_SEQUENCE_START_EVENT:
        on_start(builder, YNODE_LIST, event);
        break;
    case YAML_MAPPING_START_EVENT:
        on_start(builder, YNODE_MAP, event);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        on_end(builder);
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
}

/* libyaml's own words for the faults that authors make most. */
static const char *const PROBLEMS[] = {
    TR_LATER("found character that cannot start any token"),
    TR_LATER("mapping values are not allowed in this context"),
    TR_LATER("did not find expected key"),
    TR_LATER("did not find expected '-' indicator"),
    TR_LATER("did not find expected ',' or '}'"),
    TR_LATER("did not find expected ',' or ']'"),
    TR_LATER("could not find expected ':'"),
    TR_LATER("found unexpected end of stream"),
    TR_LATER("found a tab character where an indentation space is expected"),
    TR_LATER("found a tab character that violates indentation"),
    TR_LATER("found undefined alias"),
    TR_LATER("found unknown escape character"),
    TR_LATER("block sequence entries are not allowed in this context"),
    TR_LATER("control characters are not allowed"),
    TR_LATER("invalid leading UTF-8 octet"),
    TR_LATER("invalid trailing UTF-8 octet"),
    TR_LATER("incomplete UTF-8 octet sequence"),
};

/* Where a byte that is no UTF-8, or none that YAML allows, stands: libyaml
 * decodes ahead of the place that it has come to. */
static yaml_mark_t
mark_of_byte(const struct builder *builder, size_t offset)
{
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < offset && i < builder->length; i++) {
        unsigned char byte = (unsigned char)builder->bytes[i];
        if (byte == '\n') {
            mark.line++;
            mark.column = 0;
        }
        else if ((byte & 0xC0) != 0x80) {
            mark.column++;
        }
    }
    return mark;
}

/* The byte at a place; '\0' at the end of the file. */
static char
byte_at(const struct builder *builder, yaml_mark_t mark)
{
    const char *at = builder->bytes;
    const char *end = at + builder->length;
    for (size_t line = 0; line < mark.line && at != NULL; line++) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at != NULL ? at + 1 : NULL;
    }
    for (size_t column = 0; at != NULL && at < end; at++) {
        if (((unsigned char)*at & 0xC0) != 0x80 && column++ == mark.column) {
            return *at;
        }
    }
    return '\0';
}

/* What to do about it, where that is known; else "". */
static void
find_hint(const struct builder *builder, yaml_mark_t mark, char *hint,
          size_t room)
{
    const yaml_parser_t *parser = &builder->parser;
    const char *problem = parser->problem != NULL ? parser->problem : "";
    size_t begin = parser->context_mark.line;
    hint[0] = '\0';
    if (strstr(problem, "mapping values") != NULL) {
        snprintf(hint, room, "%s",
                 tr(" (quote a text that has a colon and a space in it)"));
    }
    else if (strstr(problem, "cannot start any token") != NULL) {
        char byte = byte_at(builder, mark);
        if (byte == '\t') {
            snprintf(hint, room, "%s", tr(" (a tab: indent with spaces)"));
        }
        else if (isgraph((unsigned char)byte)) {
            snprintf(hint, room, tr(" (quote a text that begins with '%c')"),
                     byte);
        }
    }
    else if (parser->context != NULL && begin < mark.line &&
             (strstr(problem, "end of stream") != NULL ||
              strstr(problem, "expected ','") != NULL)) {
        snprintf(hint, room, tr(" (for what began in line %zu)"), begin + 1);
    }
}

static void
on_parser_error(struct builder *builder)
{
    const yaml_parser_t *parser = &builder->parser;
    const char *problem = parser->problem != NULL ? parser->problem : "";
    yaml_mark_t mark = parser->error == YAML_READER_ERROR
                           ? mark_of_byte(builder, parser->problem_offset)
                           : parser->problem_mark;
    char hint[256];
    find_hint(builder, mark, hint, sizeof(hint));
    for (size_t i = 0; i < sizeof(PROBLEMS) / sizeof(*PROBLEMS); i++) {
        if (strcmp(problem, PROBLEMS[i]) == 0) {
            problem = tr(PROBLEMS[i]);
            break;
        }
    }
    complain(builder, mark, tr("this is no valid YAML: %s%s"), problem, hint);
    builder->broken = true;
}

static void
parse_events(struct builder *builder)
{
    for (bool done = false; !done && !builder->broken;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&builder->parser, &event)) {
            on_parser_error(builder);
            return;
        }
        done = event.type == YAML_STREAM_END_EVENT;
        on_event(builder, &event);
        yaml_event_delete(&event);
    }
}

/* Ends what a syntax error has left open, so that what came before it can
 * still be read: a mapping at the root and a list in it keep their whole
 * items; what hung half in them goes. */
static void
keep_what_is_whole(struct builder *builder)
{
    int whole = builder->depth < 2 ? builder->depth : 2;
    if (whole == 2 && builder->levels[1].node->kind != YNODE_LIST) {
        whole = 1;
    }
    if (builder->depth > whole) {
        builder->count = builder->levels[whole].first - 1;
        builder->depth = whole;
    }
    while (builder->depth > 0) {
        builder->levels[builder->depth - 1].node->cut = true;
        on_end(builder);
    }
}

const struct ynode *
ydoc_parse(struct arena *arena, const char *file, const char *bytes,
           size_t length, struct faults *faults)
{
    struct builder builder = {.arena = arena, .file = file, .faults = faults};
    yaml_mark_t start = {0};
    if (length > YDOC_FILE_BYTES) {
        complain(&builder, start,
                 tr("a file of %zu bytes is too long: at most %d are "
                    "allowed"),
                 length, YDOC_FILE_BYTES);
        return NULL;
    }
    if (!yaml_parser_initialize(&builder.parser)) {
        abort();
    }
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3; // a byte order mark
        length -= 3;
    }
    builder.bytes = bytes;
    builder.length = length;
    yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&builder.parser, (const unsigned char *)bytes,
                                 length);
    parse_events(&builder);
    yaml_parser_delete(&builder.parser);
    if (builder.broken) {
        keep_what_is_whole(&builder);
    }
    free(builder.items);
    if (!builder.broken && builder.documents == 0) {
        complain(&builder, start, tr("the file is empty"));
    }
    return builder.root;
}
