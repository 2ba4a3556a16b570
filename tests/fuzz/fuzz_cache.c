/* Any bytes as a cache of questions, its checksum put right: read without
 * leaving the bytes, or refused; what was read can be written again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/bank.h"
#include "quiz/io/content_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size + 1);
    struct bank *bank = bank_new();
    if (bytes == NULL) {
        abort();
    }
    memcpy(bytes, data, size);
    content_cache_seal(bytes, size);
    if (content_cache_read(bytes, size, NULL, bank) == 0) {
        size_t length = 0;
        free(content_cache_make("/nowhere", bank, &length));
    }
    bank_free(bank);
    free(bytes);
    return 0;
}
