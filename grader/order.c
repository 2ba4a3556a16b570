#include "grader/order.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void
order_add(struct run_order *order, size_t which, int64_t limit_ms)
{
    order->which[order->count] = which;
    order->limit_ms[order->count++] = limit_ms;
}

// --- which first -----------------------------------------------------------

static bool
needs(const struct manifest *manifest, size_t which, size_t other)
{
    return manifest_lists(manifest->cases[which].needs,
                          manifest->cases[other].name);
}

/* How long it takes from the beginning of each case to the end of the last
 * that waits for it. Who needs a case stands behind it in the manifest. */
static void
measure_paths(const struct manifest *manifest, const int64_t *time_us,
              int64_t *path_us)
{
    for (size_t i = manifest->case_count; i-- > 0;) {
        int64_t behind_us = 0;
        for (size_t k = i + 1; k < manifest->case_count; k++) {
            if (path_us[k] > behind_us && needs(manifest, k, i)) {
                behind_us = path_us[k];
            }
        }
        path_us[i] = time_us[i] + behind_us + 1;
    }
}

/* Sorting by paths is enough: what a case needs has the longer one. */
void
order_sort(struct run_order *order, const struct manifest *manifest,
           const int64_t *time_us)
{
    int64_t path_us[FRAME_CASES];
    measure_paths(manifest, time_us, path_us);
    for (size_t i = 1; i < order->count; i++) {
        size_t which = order->which[i];
        int64_t limit_ms = order->limit_ms[i];
        size_t at = i;
        while (at > 0 && path_us[order->which[at - 1]] < path_us[which]) {
            order->which[at] = order->which[at - 1];
            order->limit_ms[at] = order->limit_ms[at - 1];
            at--;
        }
        order->which[at] = which;
        order->limit_ms[at] = limit_ms;
    }
}

// --- sharing a process -----------------------------------------------------

/* The case that takes longest of those without a group. */
static size_t
find_longest(const struct run_order *order, const int64_t *time_us,
             const bool *dealt)
{
    size_t longest = order->count;
    for (size_t i = 0; i < order->count; i++) {
        if (!dealt[i] &&
            (longest == order->count ||
             time_us[order->which[i]] > time_us[order->which[longest]])) {
            longest = i;
        }
    }
    return longest;
}

void
order_share_out(struct run_order *order, int groups, const int64_t *time_us)
{
    bool dealt[FRAME_CASES] = {false};
    int64_t load_us[FRAME_LANES] = {0};
    order->groups = (size_t)groups < order->count ? groups : (int)order->count;
    order->lanes = order->groups;
    for (size_t n = 0; n < order->count; n++) {
        size_t longest = find_longest(order, time_us, dealt);
        size_t idle = 0;
        for (size_t g = 1; g < (size_t)order->groups; g++) {
            idle = load_us[g] < load_us[idle] ? g : idle;
        }
        dealt[longest] = true;
        order->group[longest] = idle;
        // Even what takes no time keeps a process busy.
        load_us[idle] += time_us[order->which[longest]] + 1;
    }
}

/* The length of a case's records at the beginning of a stream; 0 when they do
 * not come to an end. The last is "end", see labs/testing.h. */
static size_t
case_bytes(const char *stream, size_t length)
{
    static const char LAST[] = "end\t";
    for (const char *at = stream; length > 0;) {
        const char *newline = memchr(at, '\n', length);
        if (newline == NULL) {
            return 0;
        }
        size_t line = (size_t)(newline + 1 - at);
        if (line > sizeof(LAST) && memcmp(at, LAST, sizeof(LAST) - 1) == 0) {
            return (size_t)(newline + 1 - stream);
        }
        at += line;
        length -= line;
    }
    return 0;
}

static int
cut_group(const struct run_order *order, size_t group,
          struct run_outcome *outcome)
{
    const struct run_case *whole = &outcome->groups[group];
    size_t left = whole->frame.stream_bytes;
    const char *at = whole->stream;
    if (!whole->seen || whole->frame.flags != 0 || whole->frame.status != 0) {
        return -1;
    }
    for (size_t i = 0; i < order->count; i++) {
        size_t length =
            order->group[i] == group ? case_bytes(at, left) : (size_t)-1;
        if (length == 0) {
            return -1;
        }
        if (order->group[i] == group) {
            struct run_case *one = &outcome->cases[order->which[i]];
            *one = *whole;
            one->stream = at;
            one->frame.stream_bytes = (uint32_t)length;
            one->frame.log_bytes = 0;
            at += length;
            left -= length;
        }
    }
    return left == 0 ? 0 : -1;
}

int
order_cut(const struct run_order *order, struct run_outcome *outcome)
{
    for (size_t g = 0; g < (size_t)order->groups; g++) {
        if (cut_group(order, g, outcome) != 0) {
            return -1;
        }
    }
    return 0;
}
