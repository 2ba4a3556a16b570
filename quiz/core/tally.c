#include "quiz/core/tally.h"

void
tally_add(struct tally *total, const struct tally *part, int sign)
{
    total->answers += sign * part->answers;
    total->missed += sign * part->missed;
    total->duration_ms += sign * part->duration_ms;
    total->recall_asked += sign * part->recall_asked;
    total->recall_known += sign * part->recall_known;
}

int
tally_streak(const struct day_tally *days, size_t count, int64_t today,
             int *longest)
{
    int row = 0;
    int current = 0;
    int best = 0;
    int64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        if (days[i].tally.answers <= 0) {
            continue;
        }
        row = row > 0 && days[i].day == before + 1 ? row + 1 : 1;
        before = days[i].day;
        best = row > best ? row : best;
        current = before == today || before == today - 1 ? row : 0;
    }
    if (longest != NULL) {
        *longest = best;
    }
    return current;
}
