#include "labs/runtime/snapshot.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/error.h"

/* --- snapshots ----------------------------------------------------------- */

/* An empty snapshot with room for that many traces. */
static struct rt_snapshot *
snapshot_with_room(size_t count)
{
    struct rt_snapshot *snapshot = calloc(1, sizeof(*snapshot));
    struct rt_snapshot_trace *traces =
        calloc(count == 0 ? 1 : count, sizeof(*traces));
    if (snapshot == NULL || traces == NULL) {
        free(snapshot);
        free(traces);
        return rt_error_no_memory();
    }
    snapshot->traces = traces;
    return snapshot;
}

static void
add_trace(unsigned domain, size_t size, struct rt_traceback *traceback,
          void *data)
{
    struct rt_snapshot *snapshot = data;
    snapshot->traces[snapshot->count++] = (struct rt_snapshot_trace){
        .domain = domain,
        .size = size,
        .traceback = rt_traceback_share(traceback),
    };
}

struct rt_snapshot *
rt_snapshot_new(void)
{
    if (!rt_trace_is_tracing()) {
        rt_error_set(RT_ERROR_RUNTIME,
                     "the tracemalloc module must be tracing memory "
                     "allocations to take a snapshot");
        return NULL;
    }
    struct rt_snapshot *snapshot = snapshot_with_room(rt_trace_count());
    if (snapshot != NULL) {
        rt_trace_each(add_trace, snapshot);
    }
    return snapshot;
}

void
rt_snapshot_free(struct rt_snapshot *snapshot)
{
    if (snapshot == NULL) {
        return;
    }
    for (size_t i = 0; i < snapshot->count; i++) {
        rt_traceback_release(snapshot->traces[i].traceback);
    }
    free(snapshot->traces);
    free(snapshot);
}

/* --- filters ------------------------------------------------------------- */

static bool
frame_matches(const struct rt_trace_filter *filter,
              const struct rt_frame *frame)
{
    return (filter->file == NULL ||
            fnmatch(filter->file, frame->file, FNM_NOESCAPE) == 0) &&
           (filter->line == 0 || filter->line == frame->line);
}

static bool
place_matches(const struct rt_trace_filter *filter,
              const struct rt_traceback *traceback)
{
    size_t frames = filter->all_frames ? traceback->frame_count : 1;
    for (size_t i = 0; i < frames; i++) {
        if (frame_matches(filter, &traceback->frames[i])) {
            return true;
        }
    }
    return false;
}

/* Whether the filter, inclusive or not, lets the trace pass (_match). */
static bool
filter_passes(const struct rt_trace_filter *filter,
              const struct rt_snapshot_trace *trace)
{
    bool inside =
        place_matches(filter, trace->traceback) &&
        (filter->domain < 0 || (unsigned)filter->domain == trace->domain);
    return inside == filter->inclusive;
}

static bool
all_pass(const struct rt_trace_filter *filters, size_t count,
         const struct rt_snapshot_trace *trace)
{
    bool included = false;
    bool some_include = false;
    for (size_t i = 0; i < count; i++) {
        bool passes = filter_passes(&filters[i], trace);
        if (!filters[i].inclusive && !passes) {
            return false;
        }
        some_include |= filters[i].inclusive;
        included |= filters[i].inclusive && passes;
    }
    return included || !some_include;
}

struct rt_snapshot *
rt_snapshot_filter(const struct rt_snapshot *snapshot,
                   const struct rt_trace_filter *filters, size_t count)
{
    struct rt_snapshot *passed = snapshot_with_room(snapshot->count);
    for (size_t i = 0; i < snapshot->count && passed != NULL; i++) {
        const struct rt_snapshot_trace *trace = &snapshot->traces[i];
        if (all_pass(filters, count, trace)) {
            add_trace(trace->domain, trace->size, trace->traceback, passed);
        }
    }
    return passed;
}

/* --- the order of places ------------------------------------------------- */

static int
compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* As Python orders tracebacks: the oldest call counts first, and a frame is
 * its file, then its line. */
static int
compare_places(const struct rt_statistic *a, const struct rt_statistic *b,
               enum rt_snapshot_key key)
{
    size_t i = a->frame_count;
    size_t j = b->frame_count;
    while (i > 0 && j > 0) {
        i--;
        j--;
        int order = strcmp(a->frames[i].file, b->frames[j].file);
        if (order == 0 && key != RT_SNAPSHOT_BY_FILE) {
            order = compare_numbers(a->frames[i].line, b->frames[j].line);
        }
        if (order != 0) {
            return order;
        }
    }
    return compare_numbers((int64_t)i, (int64_t)j);
}

static int
by_place(const void *a, const void *b, void *key)
{
    return compare_places(a, b, *(const enum rt_snapshot_key *)key);
}

/* Statistic._sort_key, reversed. */
static int
by_size(const void *a_item, const void *b_item, void *key)
{
    const struct rt_statistic *a = a_item;
    const struct rt_statistic *b = b_item;
    int order = compare_numbers(b->size, a->size);
    order = order != 0 ? order : compare_numbers(b->count, a->count);
    return order != 0 ? order : by_place(b, a, key);
}

/* StatisticDiff._sort_key, reversed. */
static int
by_difference(const void *a_item, const void *b_item, void *key)
{
    const struct rt_statistic *a = a_item;
    const struct rt_statistic *b = b_item;
    const int64_t keys[][2] = {
        {llabs(a->size_diff), llabs(b->size_diff)},
        {a->size, b->size},
        {llabs(a->count_diff), llabs(b->count_diff)},
        {a->count, b->count},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (keys[i][0] != keys[i][1]) {
            return keys[i][0] > keys[i][1] ? -1 : 1;
        }
    }
    return by_place(b, a, key);
}

static void
sort(struct rt_statistics *statistics,
     int (*order)(const void *a, const void *b, void *key))
{
    if (statistics->count > 1) {
        qsort_r(statistics->items, statistics->count,
                sizeof(*statistics->items), order, &statistics->key);
    }
}

/* --- statistics ---------------------------------------------------------- */

/* An item for each trace, or cumulative for each of its frames. */
static int
list_traces(const struct rt_snapshot *snapshot, bool cumulative,
            struct rt_statistics *list)
{
    size_t room = 1;
    for (size_t i = 0; i < snapshot->count; i++) {
        room += cumulative ? snapshot->traces[i].traceback->frame_count : 1;
    }
    list->items = calloc(room, sizeof(*list->items));
    if (list->items == NULL) {
        rt_error_no_memory();
        return -1;
    }
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct rt_traceback *from = snapshot->traces[i].traceback;
        size_t last = cumulative ? from->frame_count : 1;
        for (size_t frame = 0; frame < last; frame++) {
            list->items[list->count++] = (struct rt_statistic){
                .frames = &from->frames[frame],
                .frame_count = list->key == RT_SNAPSHOT_BY_TRACEBACK
                                   ? from->frame_count
                                   : 1,
                .size = (int64_t)snapshot->traces[i].size,
                .count = 1,
            };
        }
    }
    return 0;
}

/* Adds up the items of each place, which lie side by side. */
static void
merge_places(struct rt_statistics *list)
{
    size_t merged = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct rt_statistic *item = &list->items[i];
        struct rt_statistic *last = &list->items[merged - (merged > 0)];
        if (merged > 0 && compare_places(last, item, list->key) == 0) {
            last->size += item->size;
            last->count += item->count;
        }
        else {
            list->items[merged++] = *item;
        }
    }
    list->count = merged;
}

/* One item for each place, in the order of places (_group_by). */
static int
group(const struct rt_snapshot *snapshot, enum rt_snapshot_key key,
      bool cumulative, struct rt_statistics *groups)
{
    if (cumulative && key == RT_SNAPSHOT_BY_TRACEBACK) {
        return rt_error_set(RT_ERROR_VALUE, "cumulative mode cannot by used "
                                            "with key type 'traceback'");
    }
    *groups = (struct rt_statistics){.key = key};
    if (list_traces(snapshot, cumulative, groups) != 0) {
        return -1;
    }
    sort(groups, by_place);
    merge_places(groups);
    return 0;
}

int
rt_snapshot_statistics(const struct rt_snapshot *snapshot,
                       enum rt_snapshot_key key, bool cumulative,
                       struct rt_statistics *statistics)
{
    struct rt_statistics groups = {0};
    if (group(snapshot, key, cumulative, &groups) != 0) {
        return -1;
    }
    sort(&groups, by_size);
    *statistics = groups;
    return 0;
}

/* Both lists are in the order of places, so one walk finds what is in both,
 * only here or only there (_compare_grouped_stats). */
static void
subtract(const struct rt_statistics *now, const struct rt_statistics *old,
         struct rt_statistics *difference)
{
    size_t i = 0;
    size_t j = 0;
    while (i < now->count || j < old->count) {
        int order =
            i == now->count ? 1
            : j == old->count
                ? -1
                : compare_places(&now->items[i], &old->items[j], now->key);
        struct rt_statistic *item = &difference->items[difference->count++];
        if (order <= 0) {
            *item = now->items[i++];
            item->size_diff = item->size;
            item->count_diff = item->count;
        }
        else {
            item->frames = old->items[j].frames;
            item->frame_count = old->items[j].frame_count;
        }
        if (order >= 0) {
            item->size_diff -= old->items[j].size;
            item->count_diff -= old->items[j].count;
            j++;
        }
    }
}

int
rt_snapshot_compare(const struct rt_snapshot *snapshot,
                    const struct rt_snapshot *old, enum rt_snapshot_key key,
                    bool cumulative, struct rt_statistics *statistics)
{
    int result = -1;
    struct rt_statistics before = {0};
    struct rt_statistics now = {0};
    struct rt_statistics difference = {.key = key};
    if (group(old, key, cumulative, &before) != 0 ||
        group(snapshot, key, cumulative, &now) != 0) {
        goto out;
    }
    difference.items =
        calloc(now.count + before.count + 1, sizeof(*difference.items));
    if (difference.items == NULL) {
        rt_error_no_memory();
        goto out;
    }
    subtract(&now, &before, &difference);
    sort(&difference, by_difference);
    *statistics = difference;
    result = 0;
out:
    rt_statistics_release(&before);
    rt_statistics_release(&now);
    return result;
}

void
rt_statistics_release(struct rt_statistics *statistics)
{
    free(statistics->items);
    *statistics = (struct rt_statistics){0};
}

/* --- text ---------------------------------------------------------------- */

/* "10 B", "+9.8 KiB" (_format_size). */
static void
print_size(FILE *output, double size, bool sign)
{
    static const char *const UNITS[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    double amount = size < 0 ? -size : size;
    for (; unit < 4 && amount >= 10 * 1024; unit++) {
        size /= 1024;
        amount /= 1024;
    }
    int digits = unit > 0 && amount < 100 ? 1 : 0;
    if (sign) {
        fprintf(output, "%+.*f %s", digits, size, UNITS[unit]);
    }
    else {
        fprintf(output, "%.*f %s", digits, size, UNITS[unit]);
    }
}

void
rt_statistics_print(const struct rt_statistics *statistics, size_t item,
                    bool difference, FILE *output)
{
    const struct rt_statistic *mine = &statistics->items[item];
    /* CPython names a place by its oldest call. */
    const struct rt_frame *oldest = &mine->frames[mine->frame_count - 1];
    fprintf(output, "%s:%d: size=", oldest->file,
            statistics->key == RT_SNAPSHOT_BY_FILE ? 0 : oldest->line);
    print_size(output, (double)mine->size, false);
    if (difference) {
        fputs(" (", output);
        print_size(output, (double)mine->size_diff, true);
        fputc(')', output);
    }
    fprintf(output, ", count=%lld", (long long)mine->count);
    if (difference) {
        fprintf(output, " (%+lld)", (long long)mine->count_diff);
    }
    if (mine->count > 0) {
        fputs(", average=", output);
        print_size(output, (double)mine->size / (double)mine->count, false);
    }
}
