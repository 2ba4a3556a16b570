#include "grader/trace.h"

#include <dlfcn.h>
#include <link.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "grader/clock.h"

enum {
    BLOCKS = 1 << 15,
    STACK_BYTES = 64 * 1024
};

/* Where the part lies, and where to write. */
static struct {
    uintptr_t start, end;
    const volatile uint64_t *calls;
    int log;
} watched;

// --- signals ---------------------------------------------------------------

/* Writes " 1f" without the C library's help. */
static void
put_number(char **at, uintptr_t number)
{
    char digits[17];
    int length = 0;
    do {
        digits[length++] = "0123456789abcdef"[number & 15];
        number >>= 4;
    } while (number != 0);
    *(*at)++ = ' ';
    while (length > 0) {
        *(*at)++ = digits[--length];
    }
}

static bool
is_in_part(uintptr_t pc)
{
    return pc >= watched.start && pc < watched.end;
}

static void
where_it_was(const ucontext_t *context, uintptr_t *pc, uintptr_t *frame)
{
#if defined(__x86_64__)
    *pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    *frame = (uintptr_t)context->uc_mcontext.gregs[REG_RBP];
#elif defined(__aarch64__)
    *pc = (uintptr_t)context->uc_mcontext.pc;
    *frame = (uintptr_t)context->uc_mcontext.regs[29];
#else
    (void)context;
    *pc = *frame = 0;
#endif
}

/* Follows the chain of frames from a frame's address on; each lies above the
 * one before. Notes the calls from within the part, and returns how many. */
static int
follow(uintptr_t frame, uintptr_t *places, int most)
{
    enum {
        FAR = 8 << 20,
        MOST_FRAMES = 512
    };
    int count = 0;
    for (int i = 0;
         i < MOST_FRAMES && count < most && frame % 8 == 0 && frame > 4096;
         i++) {
        const uintptr_t *words = (const uintptr_t *)frame;
        if (is_in_part(words[1])) {
            places[count++] = words[1] - 1 - watched.start;
        }
        if (words[0] <= frame || words[0] - frame > FAR) {
            break;
        }
        frame = words[0];
    }
    return count;
}

static void
report_calls(int number)
{
    char line[64] = "\n" TRACE_CALLS;
    char *at = line + sizeof("\n" TRACE_CALLS) - 2;
    put_number(&at, (uintptr_t)*watched.calls);
    put_number(&at, (uintptr_t)clock_read_us(CLOCK_PROCESS_CPUTIME_ID));
    *at++ = '\n';
    if (write(watched.log, line, (size_t)(at - line)) < 0) {
        _exit(128 + number);
    }
}

/* Says what is sure before it reads a stack that may be broken: a second fault
 * in here ends the process. */
static void
report(int number, siginfo_t *info, void *context)
{
    char line[512] = "\n" TRACE_MARK;
    char *at = line + sizeof("\n" TRACE_MARK) - 2;
    uintptr_t pc = 0;
    uintptr_t frame = 0;
    uintptr_t places[TRACE_DEPTH];
    where_it_was(context, &pc, &frame);
    if (number == SIGXCPU) {
        report_calls(number);
    }
    put_number(&at, (uintptr_t)number);
    put_number(&at, number == SIGXCPU ? 0 : (uintptr_t)info->si_addr);
    if (is_in_part(pc)) {
        put_number(&at, pc - watched.start);
    }
    if (write(watched.log, line, (size_t)(at - line)) < 0) {
        _exit(128 + number);
    }
    int count = follow(frame, places, TRACE_DEPTH - 1);
    at = line;
    for (int i = 0; i < count; i++) {
        put_number(&at, places[i]);
    }
    *at++ = '\n';
    if (write(watched.log, line, (size_t)(at - line)) < 0) {
        _exit(128 + number);
    }
    signal(number, SIG_DFL);
    raise(number);
}

static int
find_part(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    const struct link_map *part = context;
    if (info->dlpi_addr != part->l_addr) {
        return 0;
    }
    watched.start = watched.end = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t end = info->dlpi_addr + header->p_vaddr + header->p_memsz;
        if (header->p_type == PT_LOAD && end > watched.end) {
            watched.end = end;
        }
    }
    return 1;
}

void
trace_start(void *part, const volatile uint64_t *calls, int log)
{
    static char stack[STACK_BYTES];
    const stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct link_map *map = NULL;
    watched.log = log;
    watched.calls = calls;
    if (dlinfo(part, RTLD_DI_LINKMAP, &map) != 0) {
        return;
    }
    dl_iterate_phdr(find_part, map);
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    action.sa_sigaction = report;
    const struct sigaction half_time = {.sa_handler = report_calls,
                                        .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &half_time, NULL);
    // The sanitizers have better means of their own for crashes; and a fault
    // on the way through a stack without frames would be a finding.
#if !defined(__SANITIZE_ADDRESS__)
    static const int ENDS[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
                               SIGTRAP, SIGABRT, SIGXCPU};
    sigaltstack(&other, NULL);
    for (size_t i = 0; i < sizeof(ENDS) / sizeof(*ENDS); i++) {
        sigaction(ENDS[i], &action, NULL);
    }
#else
    (void)other;
    (void)action;
#endif
}

void
trace_part(uintptr_t *start, uintptr_t *end)
{
    *start = watched.start;
    *end = watched.end;
}

// --- memory ----------------------------------------------------------------

/* A live block, and who asked for it. */
struct block {
    void *address; // NULL: free
    size_t bytes;
    uintptr_t places[TRACE_DEPTH];
    int depth;
};

static struct block blocks[BLOCKS];
static struct allocator {
    void *context;
    void *(*alloc)(void *context, size_t size);
    void *(*realloc)(void *context, void *block, size_t size);
    void (*free)(void *context, void *block);
} beneath; // as in labs/runtime/alloc.h

static struct block *
find_block(const void *address)
{
    size_t start = (uintptr_t)address / 16 * 2654435761U % BLOCKS;
    for (size_t i = 0; i < BLOCKS; i++) {
        struct block *block = &blocks[(start + i) % BLOCKS];
        if (block->address == address) {
            return block;
        }
        if (address != NULL && block->address == NULL && block->depth == 0) {
            return NULL;
        }
    }
    return NULL;
}

static void
note(void *address, size_t bytes)
{
    if (address == NULL) {
        return;
    }
    size_t start = (uintptr_t)address / 16 * 2654435761U % BLOCKS;
    for (size_t i = 0; i < BLOCKS; i++) {
        struct block *block = &blocks[(start + i) % BLOCKS];
        if (block->address == NULL) {
            block->address = address;
            block->bytes = bytes;
            block->depth = 1 + follow((uintptr_t)__builtin_frame_address(0),
                                      block->places, TRACE_DEPTH);
            return;
        }
    }
}

static void
forget(const void *address)
{
    struct block *block = address != NULL ? find_block(address) : NULL;
    if (block != NULL) {
        block->address = NULL; // its depth stays: others lie behind it
    }
}

static void *
watched_alloc(void *context, size_t size)
{
    void *block = beneath.alloc(context, size);
    note(block, size);
    return block;
}

static void *
watched_realloc(void *context, void *old, size_t size)
{
    void *block = beneath.realloc(context, old, size);
    if (block != NULL) {
        forget(old);
        note(block, size);
    }
    return block;
}

static void
watched_free(void *context, void *block)
{
    forget(block);
    beneath.free(context, block);
}

void
trace_memory(void *lab)
{
    union {
        void *symbol;
        struct allocator (*call)(void);
    } get = {.symbol = dlsym(lab, "rt_alloc_get")};
    union {
        void *symbol;
        void (*call)(const struct allocator *allocator);
    } set = {.symbol = dlsym(lab, "rt_alloc_set")};
    if (get.symbol == NULL || set.symbol == NULL) {
        return;
    }
    beneath = get.call();
    const struct allocator hook = {.context = beneath.context,
                                   .alloc = watched_alloc,
                                   .realloc = watched_realloc,
                                   .free = watched_free};
    set.call(&hook);
}

static bool
same_place(const struct block *a, const struct block *b)
{
    return a->depth == b->depth &&
           memcmp(a->places, b->places,
                  (size_t)(a->depth - 1) * sizeof(*a->places)) == 0;
}

static void
write_place(const struct block *block, size_t bytes, size_t count)
{
    char line[512] = "\n" TRACE_BLOCK;
    char *at = line + sizeof("\n" TRACE_BLOCK) - 2;
    put_number(&at, bytes);
    put_number(&at, count);
    for (int i = 0; i < block->depth - 1; i++) {
        put_number(&at, block->places[i]);
    }
    *at++ = '\n';
    if (write(watched.log, line, (size_t)(at - line)) < 0) {
        return;
    }
}

void
trace_write_memory(void)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t bytes = 0;
        size_t count = 0;
        for (size_t j = i; j < BLOCKS && blocks[i].address != NULL; j++) {
            if (blocks[j].address != NULL &&
                same_place(&blocks[i], &blocks[j])) {
                bytes += blocks[j].bytes;
                count++;
                blocks[j].address = j > i ? NULL : blocks[j].address;
            }
        }
        if (count > 0) {
            write_place(&blocks[i], bytes, count);
        }
    }
}
