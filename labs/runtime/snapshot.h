/* Snapshot: all traces of one moment, and what they say.
 *
 * After CPython 3.12: Lib/tracemalloc.py. A leak is seldom one large block; it
 * is one place that allocates more between any two moments than it frees. So
 * take a snapshot, let the program work, take another, compare them by line
 * and read from the top. Guarded by the GIL. */
#ifndef LABS_RUNTIME_SNAPSHOT_H
#define LABS_RUNTIME_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "labs/runtime/trace.h"

struct rt_snapshot_trace {
    unsigned domain;
    size_t size; // in bytes
    struct rt_traceback *traceback;
};

struct rt_snapshot {
    size_t count;
    struct rt_snapshot_trace *traces; // in no order
};

/* A new snapshot; give it back with rt_snapshot_free(). It stays as it is
 * whatever happens to the traces. NULL with a pending runtime error if nothing
 * is traced, or a memory error (tracemalloc.take_snapshot). */
struct rt_snapshot *rt_snapshot_new(void);
void rt_snapshot_free(struct rt_snapshot *snapshot); // NULL is fine

/* --- filters ------------------------------------------------------------- */

/* Says which traces match (tracemalloc.Filter, DomainFilter). One that is not
 * inclusive matches what lies outside of file and line, or of domain. */
struct rt_trace_filter {
    bool inclusive;
    const char *file; // a pattern with * and ?; NULL: any
    int line;         // 0: any
    bool all_frames;  // look at every frame, not only the most recent
    int domain;       // -1: any
};

/* A new snapshot of the traces that pass: they match one of the inclusive
 * filters, if there are any, and all of the others. NULL with a pending memory
 * error (Snapshot.filter_traces). */
struct rt_snapshot *rt_snapshot_filter(const struct rt_snapshot *snapshot,
                                       const struct rt_trace_filter *filters,
                                       size_t count);

/* --- statistics ---------------------------------------------------------- */

enum rt_snapshot_key {
    RT_SNAPSHOT_BY_LINE,      // "lineno"
    RT_SNAPSHOT_BY_FILE,      // "filename"
    RT_SNAPSHOT_BY_TRACEBACK, // "traceback"
};

/* The traces of one place (Statistic, StatisticDiff). */
struct rt_statistic {
    const struct rt_frame *frames; // the place, most recent call first;
    size_t frame_count;            // by file the line does not count
    int64_t size, count;           // bytes and blocks
    int64_t size_diff, count_diff; // of a comparison: new less old
};

/* An account of places. They are borrowed from the snapshots that it was made
 * of; give it back before them with rt_statistics_release(). */
struct rt_statistics {
    enum rt_snapshot_key key;
    size_t count;
    struct rt_statistic *items;
};

/* The traces by place, the largest first; of equal ones that with more
 * blocks, then the later by name. cumulative counts a trace for each of its
 * frames, not only for the most recent (not by traceback). 0, or -1 with a
 * pending value or memory error (Snapshot.statistics). */
int rt_snapshot_statistics(const struct rt_snapshot *snapshot,
                           enum rt_snapshot_key key, bool cumulative,
                           struct rt_statistics *statistics);

/* What is different from old, the largest change up or down first; of equal
 * ones the larger, then the one with the larger change of blocks, then with
 * more blocks, then the later by name. Places that are gone have size and
 * count 0. 0, or -1 with a pending error (Snapshot.compare_to). */
int rt_snapshot_compare(const struct rt_snapshot *snapshot,
                        const struct rt_snapshot *old,
                        enum rt_snapshot_key key, bool cumulative,
                        struct rt_statistics *statistics);

void rt_statistics_release(struct rt_statistics *statistics);

/* Writes the item in CPython's words, without a line break:
 * "a.py:2: size=30 B, count=3, average=10 B", or as a difference
 * "a.py:5: size=5002 B (+5000 B), count=2 (+1), average=2501 B". */
void rt_statistics_print(const struct rt_statistics *statistics, size_t item,
                         bool difference, FILE *output);

#endif
