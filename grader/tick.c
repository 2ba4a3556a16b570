/* In the cache's folder a lab has a file "tick-LAB.streams", sealed: a line
 * with the base and the names of the cases, "a+b+c", and what the reference
 * has shown in them, one after the other. */
#include "grader/tick.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grader/fingerprint.h"
#include "grader/order.h"
#include "grader/run.h"
#include "grader/seal.h"

enum {
    SEED = 1,
    QUICK_US = 1200, // that a case may take
    ALL_US = 9000,   // and all together
    LIMIT_MS = 5,    // of a case, before nobody waits for a tick any more
    WAIT_MS = 100,
    STREAM_BYTES = 4 << 20
};

#define SUFFIX ".streams"

struct tick {
    struct tick_task task;
    struct compilation compilation;
    struct run run;
    struct run_order order;
    struct run_outcome ours, theirs;
    struct buffer known; // the file
    bool is_running;
};

static void
name_file(const struct tick_task *task, char name[NAME_MAX])
{
    snprintf(name, NAME_MAX, "tick-%s", task->grade->lab_id);
}

/* What is kept of this state of lab and tools: the names of its cases, or
 * NULL. */
static const char *
read_file(const struct tick_task *task, struct buffer *known)
{
    char name[NAME_MAX];
    size_t length = strlen(task->base);
    name_file(task, name);
    return seal_read(known, task->grade->cache, name, SUFFIX, STREAM_BYTES) &&
                   strncmp(buffer_string(known), task->base, length) == 0 &&
                   buffer_string(known)[length] == ' '
               ? buffer_string(known) + length + 1
               : NULL;
}

static struct run_lab
lab_of(const struct tick_task *task)
{
    return (struct run_lab){.artifacts = task->grade->artifacts,
                            .id = task->grade->lab_id,
                            .manifest = task->compile.manifest,
                            .hidden = task->compile.hidden,
                            .seed = SEED};
}

static void
share_one(struct run_order *order)
{
    static const int64_t SAME[FRAME_CASES];
    order->hangs = 1;
    order->wait_ms = WAIT_MS;
    order_share_out(order, 1, SAME);
}

// --- what is known ---------------------------------------------------------

/* "a+b+c" into an order; false when the lab has no such case. */
static bool
read_names(struct tick *tick, const char *names, size_t length)
{
    const struct manifest *manifest = tick->task.compile.manifest;
    size_t i = 0;
    for (const char *end = names + length; names < end; i++) {
        size_t name = 0;
        while (names + name < end && names[name] != '+') {
            name++;
        }
        while (i < manifest->case_count &&
               (strlen(manifest->cases[i].name) != name ||
                memcmp(manifest->cases[i].name, names, name) != 0)) {
            i++;
        }
        if (i == manifest->case_count) {
            return false;
        }
        order_add(&tick->order, i, LIMIT_MS);
        names += name + 1;
    }
    return tick->order.count > 0;
}

static bool
read_known(struct tick *tick)
{
    const struct buffer *known = &tick->known;
    const char *text = read_file(&tick->task, &tick->known);
    if (text == NULL) {
        return false;
    }
    size_t length = known->length - (size_t)(text - buffer_string(known));
    const char *newline = memchr(text, '\n', length);
    if (newline == NULL || !read_names(tick, text, (size_t)(newline - text))) {
        return false;
    }
    share_one(&tick->order);
    tick->ours.groups[0] = (struct run_case){
        .seen = true,
        .stream = newline + 1,
        .frame = {.stream_bytes =
                      (uint32_t)(length - (size_t)(newline + 1 - text))}};
    return order_cut(&tick->order, &tick->ours) == 0;
}

// --- the tick --------------------------------------------------------------

struct tick *
tick_start(const struct tick_task *task)
{
    char reason[256];
    const struct run_lab lab = lab_of(task);
    struct tick *tick = calloc(1, sizeof(*tick));
    if (tick == NULL) {
        return NULL;
    }
    tick->task = *task;
    if (!read_known(tick) ||
        compile_start(&tick->compilation, &task->compile, COMPILE_QUICK,
                      reason, sizeof(reason)) != 0 ||
        run_start(&tick->run, &lab, false, tick->compilation.part, reason,
                  sizeof(reason)) != 0) {
        tick_free(tick);
        return NULL;
    }
    return tick;
}

void
tick_give(struct tick *tick, const struct buffer *source)
{
    if (tick != NULL && compile_can_take(&tick->compilation, source)) {
        compile_give(&tick->compilation, source);
    }
}

void
tick_run(struct tick *tick)
{
    if (tick == NULL) {
        return;
    }
    compile_wait(&tick->compilation);
    if (lseek(tick->compilation.part, 0, SEEK_END) > 0) {
        run_send(&tick->run, &tick->order);
        tick->is_running = true;
    }
}

bool
tick_wait(struct tick *tick, int *passed, int *cases)
{
    int same = 0;
    if (!tick->is_running) {
        return false;
    }
    run_receive(&tick->run, &tick->order, &tick->theirs);
    if (order_cut(&tick->order, &tick->theirs) != 0) {
        return false;
    }
    for (size_t i = 0; i < tick->order.count; i++) {
        const struct run_case *our = &tick->ours.cases[tick->order.which[i]];
        const struct run_case *their =
            &tick->theirs.cases[tick->order.which[i]];
        same +=
            our->frame.stream_bytes == their->frame.stream_bytes &&
            memcmp(our->stream, their->stream, our->frame.stream_bytes) == 0;
    }
    *passed = same;
    *cases = (int)tick->order.count;
    return true;
}

void
tick_free(struct tick *tick)
{
    if (tick != NULL) {
        compile_release(&tick->compilation);
        run_release(&tick->run);
        run_outcome_release(&tick->theirs);
        buffer_release(&tick->known);
        free(tick);
    }
}

// --- the next one ----------------------------------------------------------

/* The cases that a tick has the time for. */
static struct run_order
choose(const struct tick_task *task, const int64_t *time_us)
{
    struct run_order order = {.lanes = 1};
    int64_t left_us = ALL_US;
    for (size_t i = 0; i < task->compile.manifest->case_count; i++) {
        if (time_us[i] > 0 && time_us[i] < QUICK_US && time_us[i] < left_us) {
            left_us -= time_us[i];
            order_add(&order, i, WAIT_MS);
        }
    }
    return order;
}

static bool
is_known(const struct tick_task *task)
{
    struct buffer known = {0};
    bool is = read_file(task, &known) != NULL;
    buffer_release(&known);
    return is;
}

static void
write_known(const struct tick_task *task, const struct run_order *order,
            const struct run_case *shown)
{
    char name[NAME_MAX];
    struct buffer text = {0};
    name_file(task, name);
    buffer_format(&text, "%s ", task->base);
    for (size_t i = 0; i < order->count; i++) {
        buffer_format(&text, "%s%s", i > 0 ? "+" : "",
                      task->compile.manifest->cases[order->which[i]].name);
    }
    buffer_format(&text, "\n");
    buffer_add(&text, shown->stream, shown->frame.stream_bytes);
    (void)seal_write(task->grade->cache, name, SUFFIX, buffer_string(&text),
                     text.length);
    buffer_release(&text);
}

void
tick_prepare(const struct tick_task *task, const int64_t *time_us)
{
    char path[PATH_MAX];
    char reason[256];
    struct run run = {0};
    struct run_outcome outcome = {0};
    const struct run_lab lab = lab_of(task);
    struct run_order order = choose(task, time_us);
    if (order.count == 0 || is_known(task)) {
        return;
    }
    snprintf(path, sizeof(path), "%s/%s/part.so", lab.artifacts, lab.id);
    int part = open(path, O_RDONLY | O_CLOEXEC);
    share_one(&order);
    if (part >= 0 &&
        run_start(&run, &lab, false, part, reason, sizeof(reason)) == 0) {
        run_cases(&run, &order, &outcome);
        if (order_cut(&order, &outcome) == 0) {
            write_known(task, &order, &outcome.groups[0]);
        }
    }
    run_outcome_release(&outcome);
    run_release(&run);
    if (part >= 0) {
        close(part);
    }
}
