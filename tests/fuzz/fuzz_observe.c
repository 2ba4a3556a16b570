/* The stream of a case, as a hostile process may write it: whatever comes is
 * cut, compared with itself and with a right one, and shown. */
#include <stddef.h>
#include <stdint.h>

#include "grader/buffer.h"
#include "grader/diff.h"
#include "grader/observe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char RIGHT[] = "int\tcount\t1\nevent\tdealloc\tcell 1\n"
                                "sequence\torder\t1 2 3\nend\tcases\t3\n";
    struct observations ours = {0};
    struct observations theirs = {0};
    struct buffer text = {0};
    if (observe_read(&ours, RIGHT, sizeof(RIGHT) - 1) == 0 &&
        observe_read(&theirs, (const char *)data, size) == 0) {
        size_t at = 0;
        while (at < ours.count && at < theirs.count &&
               observation_equal(&ours.items[at], &theirs.items[at])) {
            at++;
        }
        diff_show(&text, &ours, &theirs, at);
        for (size_t i = at; i < theirs.count && i < at + 8; i++) {
            observation_show(&text, &theirs.items[i],
                             at < ours.count ? &ours.items[at] : NULL);
        }
    }
    buffer_release(&text);
    observe_release(&ours);
    observe_release(&theirs);
    return 0;
}
