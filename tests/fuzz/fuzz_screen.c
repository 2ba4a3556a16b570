/* An object file that no compiler has made. */
#include <stddef.h>
#include <stdint.h>

#include "grader/screen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char exports[] = " rt_incref rt_decref ";
    char allow[] = " memcpy ";
    struct manifest manifest = {.exports = exports, .allow = allow};
    struct buffer object = {0};
    struct buffer reason = {0};
    struct buffer source = {0};
    buffer_add(&object, data, size);
    buffer_add(&source, data, size);
    screen_object(&object, &manifest, &source, &reason);
    buffer_release(&object);
    buffer_release(&source);
    buffer_release(&reason);
    return 0;
}
