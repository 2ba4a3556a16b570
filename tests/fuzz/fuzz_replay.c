/* Any bytes as a review log: a result or a message, nothing else. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/error.h"
#include "quiz/core/replay.h"
#include "quiz/core/schedule.h"
#include "quiz/core/xalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char HEADER[] = "card_id,review_rating,review_time\n";
    // Half of the inputs get a header, to come further.
    size_t head = size > 0 && data[0] % 2 == 0 ? sizeof(HEADER) - 1 : 0;
    char *bytes = xmalloc(head + size + 1);
    memcpy(bytes, HEADER, head);
    memcpy(bytes + head, data, size);
    struct schedule schedule = schedule_default();
    struct replay replay = {0};
    struct error err;
    if (replay_csv(&replay, &schedule, bytes, head + size, "log",
                   size > 1 && data[1] % 2 == 0, &err) == 0) {
        for (size_t i = 0; i < replay.count; i++) {
            const struct fsrs_state *memory = &replay.cards[i].memory;
            if (!isfinite(memory->stability) || memory->stability < 0.001 ||
                memory->difficulty < 1 || memory->difficulty > 10) {
                abort();
            }
        }
    }
    replay_release(&replay);
    free(bytes);
    return 0;
}
