/* What a compiler says of hostile source: JSON, or what looks like it, then
 * lines. The first half of the bytes is the source, with a line for each
 * place; the second what was said. */
#include <stddef.h>
#include <stdint.h>

#include "grader/diagnose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct manifest manifest = {0};
    struct messages messages = {0};
    struct buffer source = {0};
    struct buffer said = {0};
    char name[] = "rt_incref";
    char prototype[] = "void rt_incref(struct rt_object *object)";
    manifest.prototypes[0].name = name;
    manifest.prototypes[0].text = prototype;
    manifest.prototype_count = 1;
    buffer_add(&source, data, size / 2);
    buffer_add(&said, data + size / 2, size - size / 2);
    diagnose(&messages, &said, &source, &manifest);
    messages_release(&messages);
    buffer_release(&source);
    buffer_release(&said);
    return 0;
}
