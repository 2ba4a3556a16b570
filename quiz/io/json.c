#include "quiz/io/json.h"

#include <errno.h>
#include <string.h>
#include <utf8proc.h>

#include "quiz/core/error.h"
#include "quiz/core/lang.h"
#include "quiz/core/text.h"

json_t *
json_document(const char *schema)
{
    json_t *document = json_object();
    json_object_set_new(document, "schema", json_string(schema));
    return document;
}

int
json_write(FILE *out, json_t *document, struct error *err)
{
    int failed = json_dumpf(document, out, JSON_INDENT(2));
    json_decref(document);
    if (failed != 0 || fputc('\n', out) == EOF || fflush(out) != 0) {
        return error_set(err, tr("cannot write the result: %s"),
                         strerror(errno));
    }
    return 0;
}

json_t *
json_text(const char *string)
{
    if (string == NULL) {
        return json_null();
    }
    json_t *value = json_string(string);
    if (value != NULL) {
        return value;
    }
    struct text mended = {0};
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)string;
    while (*at != '\0') {
        utf8proc_int32_t codepoint = 0;
        utf8proc_ssize_t size = utf8proc_iterate(at, -1, &codepoint);
        if (size > 0) {
            text_add_bytes(&mended, (const char *)at, (size_t)size);
        }
        else {
            text_add(&mended, "\xEF\xBF\xBD");
            size = 1;
        }
        at += size;
    }
    value = json_string(text_string(&mended));
    text_release(&mended);
    return value;
}
