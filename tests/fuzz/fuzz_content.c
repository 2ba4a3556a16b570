/* Any bytes as a file of questions: read, or refused with a fault that has a
 * place and prints nothing but text. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "quiz/core/bank.h"
#include "quiz/core/error.h"
#include "quiz/io/content.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_fault(const struct fault *fault)
{
    if (fault->line < 1 || fault->column < 1) {
        abort();
    }
    for (const char *at = fault->message; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' && *at != '\n' && *at != '\t') {
            abort();
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int file = memfd_create("content", MFD_CLOEXEC);
    if (file < 0 || write(file, data, size) != (ssize_t)size) {
        abort();
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    struct bank *bank = bank_new();
    struct faults faults = {0};
    struct error err;
    int result = content_load_file(path, bank, &faults, &err);
    if ((result == 0) != (faults.errors == 0)) {
        abort();
    }
    for (size_t i = 0; i < faults.count; i++) {
        check_fault(&faults.items[i]);
    }
    faults_release(&faults);
    bank_free(bank);
    close(file);
    return 0;
}
