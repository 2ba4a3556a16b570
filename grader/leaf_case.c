/* The case's process is lost to the learner from the moment the part is
 * loaded: nothing in it is believed, everything it says is only compared. */
#include <dlfcn.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "grader/frame.h"
#include "grader/leaf.h"
#include "grader/snapshot.h"
#include "grader/stub.h"
#include "grader/trace.h"

enum {
    DESCRIPTORS = 64, // that a case's process may have
    DEEP = 64 * 1024, // how far a case's functions go down the stack, mostly
    CHECKED_STACK = 48 << 20 // with sanitizers; without: box.c's 8 MiB
};

/* What each case would look for in the lab and its stubs. */
static int
find_entries(struct leaf *leaf)
{
    union {
        void *symbol;
        const struct stub *stubs;
        const size_t *count;
        const volatile uint64_t *(*calls)(void);
        int (*run)(int output, uint64_t seed, const char *name);
    } table = {.symbol = dlsym(RTLD_DEFAULT, "stub_table")},
      count = {.symbol = dlsym(RTLD_DEFAULT, "stub_count")},
      calls = {.symbol = dlsym(RTLD_DEFAULT, "stub_calls")},
      entry = {.symbol = dlsym(leaf->lab, "lab_main")};
    if (table.symbol == NULL || count.symbol == NULL || calls.symbol == NULL ||
        entry.symbol == NULL) {
        return -1;
    }
    leaf->stubs = table.stubs;
    leaf->stub_count = *count.count;
    leaf->calls = calls.calls();
    leaf->run = entry.run;
    return 0;
}

int
leaf_open(struct leaf *leaf, int lenient, unsigned long long seed)
{
    char folder[PATH_MAX - 16];
    *leaf = (struct leaf){.seed = seed};
    if (getcwd(folder, sizeof(folder)) == NULL) {
        return LEAF_NO_LAB;
    }
    // Whole, so that the loader need not ask where it is.
    snprintf(leaf->part, sizeof(leaf->part), "%s/part.so", folder);
    if (dlopen("./stub.so", RTLD_NOW | RTLD_GLOBAL) != NULL) {
        leaf->lab = dlopen("./lab.so", RTLD_NOW | RTLD_GLOBAL);
    }
    if (leaf->lab == NULL || find_entries(leaf) != 0) {
        fprintf(stderr, "%s\n", dlerror());
        return LEAF_NO_LAB;
    }
    leaf->filter = filter_leaf_new(lenient);
    return leaf->filter != NULL ? LEAF_DONE : LEAF_NO_FILTER;
}

/* Lets the stubs of the lab jump into the part. */
static int
fill_slots(const struct leaf *leaf, void *part)
{
    for (size_t i = 0; i < leaf->stub_count; i++) {
        void *function = dlsym(part, leaf->stubs[i].name);
        if (function == NULL) {
            return -1;
        }
        *leaf->stubs[i].slot = function;
    }
    return 0;
}

/* An enum leaf_exit. */
static int
load_part(const struct leaf *leaf, void **part)
{
    *part = dlopen(leaf->part, RTLD_LAZY | RTLD_LOCAL);
    if (*part != NULL && fill_slots(leaf, *part) == 0) {
        return LEAF_DONE;
    }
    const char *why = dlerror();
    if (strstr(why, "failed to map segment") != NULL) {
        return LEAF_NO_ROOM;
    }
    dprintf(LEAF_LOG, "%s\n", why);
    return LEAF_NO_PART;
}

/* Leaves a byte where a function's locals will be. */
#if !defined(__SANITIZE_ADDRESS__)
__attribute__((noinline)) static void
fill_stack(int fill)
{
    char stack[DEEP];
    memset(stack, fill, sizeof(stack));
    __asm__ volatile("" : : "r"(stack) : "memory"); // it is for others to read
}
#endif

/* Sanitizers have their own ways with fresh memory. */
static void
fill_fresh_memory(int fill)
{
#if !defined(__SANITIZE_ADDRESS__)
    fill_stack(fill);
    mallopt(M_PERTURB, ~fill & 0xFF); // malloc() fills with its complement
#else
    (void)fill;
#endif
}

/* Cases that are being run. */
struct call {
    const struct leaf *leaf;
    char *names;
    int fill;
    int status; // an enum leaf_exit
};

/* Runs the cases in the order in which they are named. */
static void *
run_call(void *context)
{
    struct call *call = context;
    call->status = LEAF_DONE;
    for (char *name = strsep(&call->names, "+"); name != NULL;) {
        fill_fresh_memory(call->fill);
        if (call->leaf->run(LEAF_STREAM, call->leaf->seed, name) != 0) {
            call->status = LEAF_NO_CASE;
            return NULL;
        }
        name = strsep(&call->names, "+");
        if (name != NULL) {
            snapshot_restore();
        }
    }
    return NULL;
}

/* Where the first thread's stack lies, the sanitizers read in /proc, which is
 * not in the box; without it their stacks end after one frame. A second thread
 * knows its own. With them a frame is several times as large, so that this one
 * must be, too: how deep a file may go, it was told without them. */
static void
run_where_stacks_are_known(struct call *call)
{
#if defined(__SANITIZE_ADDRESS__)
    pthread_t thread;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) == 0 &&
        pthread_attr_setstacksize(&attributes, CHECKED_STACK) == 0 &&
        pthread_create(&thread, &attributes, run_call, call) == 0) {
        pthread_join(thread, NULL);
        return;
    }
#endif
    run_call(call);
}

/* An enum leaf_exit. */
static int
run_all(const struct leaf *leaf, void *part, char *names, int fill)
{
    void *const objects[] = {leaf->lab, part};
    if (strchr(names, '+') != NULL && snapshot_take(objects, 2) != 0) {
        return LEAF_NO_LAB;
    }
    struct call call = {.leaf = leaf, .names = names, .fill = fill};
    run_where_stacks_are_known(&call);
    return call.status;
}

int
leaf_enter(const struct leaf *leaf)
{
    const struct rlimit nothing = {0, 0};
    const struct rlimit few = {DESCRIPTORS, DESCRIPTORS};
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    return setrlimit(RLIMIT_FSIZE, &nothing) != 0 ||
                   setrlimit(RLIMIT_NOFILE, &few) != 0 ||
                   filter_leaf_enter(leaf->filter) != 0
               ? LEAF_NO_FILTER
               : LEAF_DONE;
}

void
leaf_get_ready(void)
{
    // What is printed before a crash is there after it.
    static char printed[BUFSIZ];
    setvbuf(stdout, printed, _IOLBF, sizeof(printed));
    // Finding nothing, the loader has come to know its way.
    if (dlopen("/none.so", RTLD_LAZY | RTLD_LOCAL) == NULL) {
        dlerror();
    }
}

int
leaf_run_cases(const struct leaf *leaf, char *names, int fill, int traced)
{
    void *part = NULL;
    int loaded = load_part(leaf, &part);
    if (loaded != LEAF_DONE) {
        return loaded;
    }
    // Whatever comes now, it is not that the part could not be loaded.
    if (write(LEAF_STREAM, "", 1) != 1) {
        return LEAF_NO_CASE;
    }
    trace_start(part, leaf->calls, LEAF_LOG);
    if (traced & ORDER_TRACE_MEMORY) {
        trace_memory(leaf->lab);
    }
    // The learner's code calls the C library, never the system itself.
    uintptr_t start = 0;
    uintptr_t end = 0;
    if (!leaf->may_call) {
        trace_part(&start, &end);
    }
    if (filter_leaf_seal(start, end) != 0) {
        return LEAF_NO_FILTER;
    }
    int status = run_all(leaf, part, names, fill);
    if (traced & ORDER_TRACE_MEMORY) {
        trace_write_memory();
    }
    return status;
}
