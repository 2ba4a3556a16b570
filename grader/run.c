#include "grader/run.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "grader/artifact.h"
#include "grader/language.h"

static int
find_files(struct run *run, char *reason, size_t reason_size)
{
    const struct run_lab *lab = &run->lab;
    const struct {
        const char *name, *folder, *artifact;
    } FILES[] = {
        {"leaf", ".", run->sanitizers ? "leaf.asan" : "leaf"},
        {"lab.so", lab->id, run->sanitizers ? "lab.asan.so" : "lab.so"},
        {"stub.so", lab->id, "stub.so"}};
    for (size_t i = 0; i < 3; i++) {
        run->paths[i] = artifact_find(lab->artifacts, FILES[i].folder,
                                      FILES[i].artifact, reason, reason_size);
        if (run->paths[i] == NULL) {
            return -1;
        }
        run->files[i] = (struct sandbox_file){.name = FILES[i].name,
                                              .path = run->paths[i]};
    }
    return 0;
}

static void
describe(struct run *run, int orders, int part)
{
    static const char *const FOLDERS[] = {"/usr/lib", "/usr/lib64", "/lib",
                                          "/lib64", NULL};
    const struct manifest *manifest = run->lab.manifest;
    snprintf(run->seed, sizeof(run->seed), "%" PRIu64, run->lab.seed);
    snprintf(run->limit_kib, sizeof(run->limit_kib), "%d",
             manifest->output_kib);
    snprintf(run->spares, sizeof(run->spares), "%d", run->lab.spares);
    const char *words[] = {
        "./leaf",    run->sanitizers ? "asan" : "plain",
        run->seed,   run->limit_kib,
        run->spares, run->lab.unscreened ? "unscreened" : "screened",
        NULL};
    memcpy(run->arguments, words, sizeof(words));
    run->task = (struct sandbox_task){
        .arguments = run->arguments,
        .folders = FOLDERS,
        .hidden = run->lab.hidden,
        .files = run->files,
        .file_count = 3,
        .passed = {orders, part},
        .sees_processes = true,
        .wall_ms = 60000, // until the first order
        .cpu_s = 60,
        .memory_bytes = run->sanitizers ? 0 : (int64_t)4 << 30,
        .resident_bytes = ((int64_t)manifest->memory_mib << 20) *
                          (run->sanitizers ? 3 * FRAME_LANES : 1),
        .file_bytes = 48 << 20, // for the part; of a case's process: 0
        .processes = 64,
        .descriptors = 256, // of a case's process: 64
        .output_limit = (size_t)64 << 20};
}

int
run_start(struct run *run, const struct run_lab *lab, bool sanitizers,
          int part, char *reason, size_t reason_size)
{
    int ends[2];
    *run = (struct run){.lab = *lab,
                        .sanitizers = sanitizers,
                        .orders = -1,
                        .taken = sizeof(struct frame)}; // FRAME_READY
    if (find_files(run, reason, reason_size) != 0) {
        return -1;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        snprintf(reason, reason_size, say("cannot make a pipe: %s"),
                 strerror(errno));
        return -1;
    }
    describe(run, ends[1], part);
    run->orders = ends[0];
    run->sandbox = sandbox_start(&run->task);
    close(ends[1]);
    return 0;
}

int
run_restart(struct run *run, int part, char *reason, size_t reason_size)
{
    const struct run_lab lab = run->lab;
    bool sanitizers = run->sanitizers;
    run_release(run);
    return run_start(run, &lab, sanitizers, part, reason, reason_size);
}

static bool
is_ready(void *context, const struct buffer *out)
{
    (void)context;
    return out->length >= sizeof(struct frame);
}

void
run_wait(struct run *run)
{
    sandbox_watch(run->sandbox, is_ready, NULL);
}

bool
run_lives(const struct run *run)
{
    return sandbox_lives(run->sandbox);
}

// --- orders ----------------------------------------------------------------

/* What the cases of an order may take altogether: who hangs is stopped after
 * a few. */
static int64_t
patience_ms(const struct run_order *order)
{
    enum {
        BUSY = 40,           // how much slower the clock may show it to be
        LEAST_MS = 60 * 1000 // for the many that take little
    };
    int64_t longest = 0;
    for (size_t i = 0; i < order->count; i++) {
        longest = order->limit_ms[i] > longest ? order->limit_ms[i] : longest;
    }
    return longest * BUSY * (order->hangs + 1) + LEAST_MS;
}

/* "a+b+c 1500", for each group. */
static void
write_groups(const struct run *run, const struct run_order *order,
             struct buffer *text)
{
    for (size_t g = 0; g < (size_t)order->groups; g++) {
        int64_t limit_ms = order->once_ms;
        const char *plus = "";
        for (size_t i = 0; i < order->count; i++) {
            if (order->group[i] == g) {
                buffer_format(text, "%s%s", plus,
                              run->lab.manifest->cases[order->which[i]].name);
                limit_ms += order->limit_ms[i] - order->once_ms;
                plus = "+";
            }
        }
        buffer_format(text, " %" PRId64 "\n", limit_ms);
    }
}

void
run_send(struct run *run, const struct run_order *order)
{
    struct buffer text = {0};
    write_groups(run, order, &text);
    for (size_t i = 0; i < order->count && order->groups == 0; i++) {
        const struct manifest_case *one =
            &run->lab.manifest->cases[order->which[i]];
        buffer_format(&text, "%s %" PRId64 "%s\n", one->name,
                      order->limit_ms[i],
                      order->heeds_needs ? one->needs : "");
    }
    const struct order head = {.magic = FRAME_MAGIC,
                               .text_bytes = (uint32_t)text.length,
                               .lanes = (uint32_t)order->lanes,
                               .hangs = (uint32_t)order->hangs,
                               .wait_ms = (uint32_t)order->wait_ms,
                               .fill = (uint32_t)order->fill,
                               .traced = order->traced};
    sandbox_allow(run->sandbox, patience_ms(order));
    sandbox_send(run->orders, &head, sizeof(head));
    sandbox_send(run->orders, buffer_string(&text), text.length);
    buffer_release(&text);
}

/* The bytes of the first frame, with all that belongs to it; 0 when it has not
 * come as a whole yet. */
static size_t
frame_bytes(const char *bytes, size_t length, struct frame *frame)
{
    if (length < sizeof(*frame)) {
        return 0;
    }
    memcpy(frame, bytes, sizeof(*frame));
    size_t left = length - sizeof(*frame);
    if (frame->magic != FRAME_MAGIC || frame->stream_bytes > left ||
        frame->log_bytes > left - frame->stream_bytes) {
        return 0;
    }
    return sizeof(*frame) + frame->stream_bytes + frame->log_bytes;
}

/* How far the answer to an order has come. */
struct progress {
    size_t at, frames, wanted;
};

static bool
is_whole(void *context, const struct buffer *out)
{
    struct progress *progress = context;
    struct frame frame;
    size_t bytes = out->length > progress->at ? 1 : 0;
    while (bytes > 0 && progress->frames < progress->wanted &&
           (bytes = frame_bytes(out->bytes + progress->at,
                                out->length - progress->at, &frame)) > 0) {
        progress->at += bytes;
        progress->frames++;
    }
    return progress->frames == progress->wanted;
}

void
run_outcome_cut(struct run_outcome *outcome, const struct run_order *order)
{
    const char *at = buffer_string(&outcome->bytes);
    size_t left = outcome->bytes.length;
    struct frame frame;
    for (size_t bytes = 0; (bytes = frame_bytes(at, left, &frame)) > 0;) {
        const char *stream = at + sizeof(frame);
        const struct run_case seen = {.seen = true,
                                      .frame = frame,
                                      .stream = stream,
                                      .log = stream + frame.stream_bytes};
        if (frame.which < (uint32_t)order->groups) {
            outcome->groups[frame.which] = seen;
        }
        else if (order->groups == 0 && frame.which < order->count) {
            outcome->cases[order->which[frame.which]] = seen;
        }
        at += bytes;
        left -= bytes;
    }
}

void
run_receive(struct run *run, const struct run_order *order,
            struct run_outcome *outcome)
{
    struct progress progress = {
        .at = run->taken,
        .wanted = order->groups > 0 ? (size_t)order->groups : order->count};
    *outcome = (struct run_outcome){0};
    const struct buffer *out =
        run->ended ? NULL : sandbox_watch(run->sandbox, is_whole, &progress);
    if (out == NULL || !is_whole(&progress, out)) {
        outcome->ended = true;
    }
    if (outcome->ended && !run->ended) {
        run->ended = true;
        sandbox_end(run->sandbox, &run->result);
        run->sandbox = NULL;
        out = &run->result.out;
    }
    if (out != NULL && out->length > run->taken) {
        buffer_add(&outcome->bytes, out->bytes + run->taken,
                   out->length - run->taken);
        run->taken = out->length;
    }
    run_outcome_cut(outcome, order);
}

void
run_cases(struct run *run, const struct run_order *order,
          struct run_outcome *outcome)
{
    run_send(run, order);
    run_receive(run, order, outcome);
}

void
run_outcome_release(struct run_outcome *outcome)
{
    buffer_release(&outcome->bytes);
    *outcome = (struct run_outcome){0};
}

void
run_release(struct run *run)
{
    if (run->sandbox != NULL) {
        sandbox_end(run->sandbox, &run->result);
    }
    if (run->orders > 0) {
        close(run->orders);
    }
    sandbox_result_release(&run->result);
    for (size_t i = 0; i < 3; i++) {
        free(run->paths[i]);
    }
    *run = (struct run){0};
}
