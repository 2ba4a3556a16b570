#include "grader/gcc_json.h"

#include <string.h>

/* The objects of an array whose text begins behind its bracket, and in how
 * many bytes. NULL when it does not come to an end, unless that may be: who
 * says too much is cut off. */
static json_t *
read_objects(const char *text, size_t length, bool may_be_cut, size_t *used)
{
    json_t *objects = json_array();
    size_t at = 0;
    while (at < length && text[at] != ']') {
        json_error_t error;
        json_t *object =
            json_loadb(text + at, length - at, JSON_DISABLE_EOF_CHECK, &error);
        if (!json_is_object(object)) {
            json_decref(object);
            break;
        }
        json_array_append_new(objects, object);
        at += (size_t)error.position;
        at += at < length && text[at] == ',';
    }
    bool is_whole = at < length && text[at] == ']';
    *used = is_whole ? at + 1 : length;
    if (!is_whole && (!may_be_cut || json_array_size(objects) == 0)) {
        json_decref(objects);
        objects = NULL;
    }
    return objects;
}

/* Takes the compiler's diagnostics, an array that begins a line, out of what
 * was said; the assembler may have spoken before. NULL when there is none. */
static json_t *
take_array(struct buffer *said, bool may_be_cut)
{
    int tries = 4; // a file may have lines of its own said
    for (size_t at = 0; at < said->length && tries > 0; at++) {
        if (said->bytes[at] != '[' ||
            (at > 0 && said->bytes[at - 1] != '\n')) {
            continue;
        }
        size_t used = 0;
        json_t *array = read_objects(said->bytes + at + 1,
                                     said->length - at - 1, may_be_cut, &used);
        if (array != NULL) {
            size_t end = at + 1 + used;
            memmove(said->bytes + at, said->bytes + end,
                    said->length - end + 1);
            said->length -= end - at;
            return array;
        }
        tries--;
    }
    return NULL;
}

/* What was said, as it can be parsed. gcc quotes the source byte by byte, also
 * what is no letter, and writes a zero byte as no JSON has it. */
static void
add_readable(struct buffer *readable, const struct buffer *said)
{
    buffer_add_clean(readable, buffer_string(said), said->length,
                     4 * said->length + 16);
    for (size_t i = 0; i + 1 < readable->length; i++) {
        char *at = readable->bytes + i;
        if (at[0] == '\\' && (at[1] == 'x' || at[1] == '0')) {
            at[0] = '?';
        }
        i += at[0] == '\\';
    }
}

json_t *
gcc_json_cut(struct buffer *rest, const struct buffer *said)
{
    buffer_add(rest, buffer_string(said), said->length);
    json_t *array = take_array(rest, false);
    for (int cut = 0; cut < 2 && array == NULL; cut++) {
        struct buffer readable = {0};
        add_readable(&readable, said);
        array = take_array(&readable, cut == 1);
        if (array != NULL) {
            buffer_release(rest);
            *rest = readable;
            return array;
        }
        buffer_release(&readable);
    }
    return array;
}
