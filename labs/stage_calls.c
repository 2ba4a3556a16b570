/* The calls of the part under test that the stage answers.
 *
 * Mutexes and semaphores are the real ones, which actors only try: who does
 * not get one waits on the stage. Conditions and futexes are nothing but a
 * place where actors wait. The system may set errno in any call, so these do.
 *
 * The part finds its imported functions in a table, one slot for each, which
 * the loader fills; stage_replace_calls() fills them once more. */
#include <assert.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "labs/stage.h"
#include "labs/stage_state.h"

enum {
    CONDITIONS = 64,
    MADE = 256,
    ALL = INT_MAX,
    UNEXPECTED = EXDEV // nobody sets errno to that here
};

static const uint32_t ANY_BIT = UINT32_MAX;
static const int64_t NS_PER_S = INT64_C(1000) * 1000 * 1000;

/* How far the clock on the wall is ahead of the one that never jumps. */
static const int64_t WALL_NS = INT64_C(1000000000) * 1000 * 1000 * 1000;

// --- time ------------------------------------------------------------------

static int64_t
now_on(clockid_t clock)
{
    return stage_now_ns() + (clock == CLOCK_REALTIME ? WALL_NS : 0);
}

static struct timespec
timespec_of(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / NS_PER_S,
                             .tv_nsec = ns % NS_PER_S};
}

/* The moment on the stage's clock when that clock shows this. */
static int64_t
deadline_of(const struct timespec *when, clockid_t clock)
{
    if (when->tv_sec >= INT64_MAX / NS_PER_S) {
        return STAGE_NEVER;
    }
    int64_t ns = when->tv_sec * NS_PER_S + when->tv_nsec;
    return ns - (clock == CLOCK_REALTIME ? WALL_NS : 0);
}

static int
clock_gettime_here(clockid_t clock, struct timespec *now)
{
    *now = timespec_of(now_on(clock));
    return 0;
}

static int64_t
monotonic_ns_here(void)
{
    return stage_now_ns();
}

static struct timespec
deadline_in_us_here(int64_t timeout_us)
{
    int64_t left_us = (INT64_MAX - stage_now_ns()) / 1000;
    int64_t us = timeout_us < 0 ? 0 : timeout_us;
    return us >= left_us ? timespec_of(INT64_MAX)
                         : timespec_of(stage_now_ns() + us * 1000);
}

static int64_t
deadline_left_us_here(const struct timespec *deadline)
{
    int64_t left_ns = deadline_of(deadline, CLOCK_MONOTONIC) - stage_now_ns();
    return left_ns <= 0 ? 0 : (left_ns - 1) / 1000 + 1;
}

// --- making and destroying -------------------------------------------------

/* What was made and is not destroyed. Others may be destroyed as well, for a
 * mutex can be made by PTHREAD_MUTEX_INITIALIZER. */
static const void *made[MADE];
static int made_count;

int
stage_made_count(void)
{
    return made_count;
}

static void
note_made(const void *what)
{
    int at = 0;
    while (at < made_count && made[at] != what) {
        at++;
    }
    if (at == made_count && made_count < MADE) {
        made[made_count++] = what;
    }
}

static void
note_destroyed(const void *what)
{
    for (int i = 0; i < made_count; i++) {
        if (made[i] == what) {
            made[i] = made[--made_count];
            return;
        }
    }
}

static int
mutex_init_here(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    note_made(mutex);
    return pthread_mutex_init(mutex, attributes);
}

static int
mutex_destroy_here(pthread_mutex_t *mutex)
{
    note_destroyed(mutex);
    return pthread_mutex_destroy(mutex);
}

static int
cond_destroy_here(pthread_cond_t *condition)
{
    note_destroyed(condition);
    return pthread_cond_destroy(condition);
}

static int
sem_init_here(sem_t *semaphore, int shared, unsigned value)
{
    note_made(semaphore);
    return sem_init(semaphore, shared, value);
}

static int
sem_destroy_here(sem_t *semaphore)
{
    note_destroyed(semaphore);
    return sem_destroy(semaphore);
}

// --- mutexes ---------------------------------------------------------------

static int
lock_here(pthread_mutex_t *mutex)
{
    struct stage_actor *self = stage_self();
    stage_point();
    while (pthread_mutex_trylock(mutex) == EBUSY) {
        if (self == NULL) {
            stage_note_misuse("a mutex was left locked");
            return EDEADLK;
        }
        stage_sleep(STAGE_MUTEX, mutex, ANY_BIT, STAGE_NEVER);
    }
    if (self != NULL) {
        self->mutexes++;
    }
    errno = UNEXPECTED;
    return 0;
}

static int
trylock_here(pthread_mutex_t *mutex)
{
    stage_point();
    int result = pthread_mutex_trylock(mutex);
    if (result == 0 && stage_self() != NULL) {
        stage_self()->mutexes++;
    }
    errno = UNEXPECTED;
    return result;
}

/* Without a point after it. */
static int
unlock_at_once(pthread_mutex_t *mutex)
{
    struct stage_actor *self = stage_self();
    if (self != NULL && self->mutexes == 0) {
        stage_note_misuse("a thread unlocked a mutex that it had not locked");
        return EPERM;
    }
    if (self != NULL) {
        self->mutexes--;
    }
    int result = pthread_mutex_unlock(mutex);
    stage_wake_at(STAGE_MUTEX, mutex, ANY_BIT, ALL);
    errno = UNEXPECTED;
    return result;
}

static int
unlock_here(pthread_mutex_t *mutex)
{
    int result = unlock_at_once(mutex);
    stage_point();
    errno = UNEXPECTED;
    return result;
}

// --- conditions ------------------------------------------------------------

/* By which clock a condition goes. One that is not here goes by that on the
 * wall. */
static struct {
    const pthread_cond_t *condition;
    clockid_t clock;
} clocks[CONDITIONS];
static size_t clock_count;

static void
set_clock(const pthread_cond_t *condition, clockid_t clock)
{
    size_t at = 0;
    while (at < clock_count && clocks[at].condition != condition) {
        at++;
    }
    assert(at < CONDITIONS);
    clocks[at].condition = condition;
    clocks[at].clock = clock;
    clock_count += at == clock_count;
}

static clockid_t
clock_of(const pthread_cond_t *condition)
{
    for (size_t i = 0; i < clock_count; i++) {
        if (clocks[i].condition == condition) {
            return clocks[i].clock;
        }
    }
    return CLOCK_REALTIME;
}

static int
cond_init_here(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    clockid_t clock = CLOCK_REALTIME;
    if (attributes != NULL) {
        pthread_condattr_getclock(attributes, &clock);
    }
    set_clock(condition, clock);
    note_made(condition);
    return pthread_cond_init(condition, attributes);
}

static void
deadline_cond_init_here(pthread_cond_t *condition)
{
    set_clock(condition, CLOCK_MONOTONIC);
    note_made(condition);
    pthread_cond_init(condition, NULL);
}

static int
wait_here(pthread_cond_t *condition, pthread_mutex_t *mutex,
          int64_t deadline_ns)
{
    stage_point();
    if (stage_self() == NULL || stage_self()->mutexes == 0) {
        stage_note_misuse("a thread waited without having locked the mutex");
        return EPERM;
    }
    // To unlock and to fall asleep is one step.
    unlock_at_once(mutex);
    bool late = stage_sleep(STAGE_CONDITION, condition, ANY_BIT, deadline_ns);
    lock_here(mutex);
    errno = UNEXPECTED;
    return late ? ETIMEDOUT : 0;
}

static int
cond_wait_here(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    return wait_here(condition, mutex, STAGE_NEVER);
}

static int
cond_timedwait_here(pthread_cond_t *condition, pthread_mutex_t *mutex,
                    const struct timespec *deadline)
{
    return wait_here(condition, mutex,
                     deadline_of(deadline, clock_of(condition)));
}

static int
cond_clockwait_here(pthread_cond_t *condition, pthread_mutex_t *mutex,
                    clockid_t clock, const struct timespec *deadline)
{
    return wait_here(condition, mutex, deadline_of(deadline, clock));
}

static int
signal_here(pthread_cond_t *condition)
{
    stage_point();
    stage_wake_at(STAGE_CONDITION, condition, ANY_BIT, 1);
    errno = UNEXPECTED;
    return 0;
}

static int
broadcast_here(pthread_cond_t *condition)
{
    stage_point();
    stage_wake_at(STAGE_CONDITION, condition, ANY_BIT, ALL);
    errno = UNEXPECTED;
    return 0;
}

// --- semaphores ------------------------------------------------------------

static int
sem_wait_until(sem_t *semaphore, int64_t deadline_ns)
{
    stage_point();
    while (sem_trywait(semaphore) != 0) {
        if (stage_self() == NULL ||
            stage_sleep(STAGE_SEMAPHORE, semaphore, ANY_BIT, deadline_ns)) {
            errno = ETIMEDOUT;
            return -1;
        }
    }
    errno = UNEXPECTED;
    return 0;
}

static int
sem_wait_here(sem_t *semaphore)
{
    return sem_wait_until(semaphore, STAGE_NEVER);
}

static int
sem_timedwait_here(sem_t *semaphore, const struct timespec *deadline)
{
    return sem_wait_until(semaphore, deadline_of(deadline, CLOCK_REALTIME));
}

static int
sem_clockwait_here(sem_t *semaphore, clockid_t clock,
                   const struct timespec *deadline)
{
    return sem_wait_until(semaphore, deadline_of(deadline, clock));
}

static int
sem_post_here(sem_t *semaphore)
{
    stage_point();
    int result = sem_post(semaphore);
    stage_wake_at(STAGE_SEMAPHORE, semaphore, ANY_BIT, 1);
    errno = UNEXPECTED;
    return result;
}

// --- futexes ---------------------------------------------------------------

static long
futex_wait(const uint32_t *word, uint32_t value, uint32_t bits,
           int64_t deadline_ns)
{
    if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != value) {
        errno = EAGAIN;
        return -1;
    }
    if (stage_self() == NULL ||
        stage_sleep(STAGE_FUTEX, word, bits, deadline_ns)) {
        errno = ETIMEDOUT;
        return -1;
    }
    return 0;
}

static long
futex(va_list arguments)
{
    // The caller has begun it: NOLINTNEXTLINE(clang-analyzer-valist.*)
    const uint32_t *word = va_arg(arguments, const uint32_t *);
    int operation = va_arg(arguments, int);
    uint32_t value = va_arg(arguments, uint32_t);
    bool is_wake = (operation & FUTEX_CMD_MASK) == FUTEX_WAKE ||
                   (operation & FUTEX_CMD_MASK) == FUTEX_WAKE_BITSET;
    bool has_bits = (operation & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET ||
                    (operation & FUTEX_CMD_MASK) == FUTEX_WAKE_BITSET;
    const struct timespec *time = NULL;
    uint32_t bits = ANY_BIT;
    if (!is_wake || has_bits) {
        time = va_arg(arguments, const struct timespec *);
    }
    if (has_bits) {
        (void)va_arg(arguments, void *);
        bits = va_arg(arguments, uint32_t);
    }
    if (is_wake) {
        return stage_wake_at(STAGE_FUTEX, word, bits, (int)value);
    }
    int64_t deadline_ns = STAGE_NEVER;
    if (time != NULL && has_bits) {
        deadline_ns = deadline_of(time, operation & FUTEX_CLOCK_REALTIME
                                            ? CLOCK_REALTIME
                                            : CLOCK_MONOTONIC);
    }
    else if (time != NULL) {
        deadline_ns = stage_now_ns() + deadline_of(time, CLOCK_MONOTONIC);
    }
    return futex_wait(word, value, bits, deadline_ns);
}

static long
syscall_here(long number, ...)
{
    if (number != SYS_futex) {
        errno = ENOSYS;
        return -1;
    }
    va_list arguments;
    va_start(arguments, number);
    stage_point();
    long result = futex(arguments);
    va_end(arguments);
    return result;
}

// --- putting them into their places ----------------------------------------

typedef void any_function(void);

static const struct {
    const char *name;
    any_function *here;
} REPLACED[] = {
    {"clock_gettime", (any_function *)clock_gettime_here},
    {"rt_monotonic_ns", (any_function *)monotonic_ns_here},
    {"rt_deadline_in_us", (any_function *)deadline_in_us_here},
    {"rt_deadline_left_us", (any_function *)deadline_left_us_here},
    {"rt_deadline_cond_init", (any_function *)deadline_cond_init_here},
    {"pthread_mutex_init", (any_function *)mutex_init_here},
    {"pthread_mutex_destroy", (any_function *)mutex_destroy_here},
    {"pthread_mutex_lock", (any_function *)lock_here},
    {"pthread_mutex_trylock", (any_function *)trylock_here},
    {"pthread_mutex_unlock", (any_function *)unlock_here},
    {"pthread_cond_init", (any_function *)cond_init_here},
    {"pthread_cond_destroy", (any_function *)cond_destroy_here},
    {"pthread_cond_wait", (any_function *)cond_wait_here},
    {"pthread_cond_timedwait", (any_function *)cond_timedwait_here},
    {"pthread_cond_clockwait", (any_function *)cond_clockwait_here},
    {"pthread_cond_signal", (any_function *)signal_here},
    {"pthread_cond_broadcast", (any_function *)broadcast_here},
    {"sem_init", (any_function *)sem_init_here},
    {"sem_destroy", (any_function *)sem_destroy_here},
    {"sem_wait", (any_function *)sem_wait_here},
    {"sem_timedwait", (any_function *)sem_timedwait_here},
    {"sem_clockwait", (any_function *)sem_clockwait_here},
    {"sem_post", (any_function *)sem_post_here},
    {"syscall", (any_function *)syscall_here},
};

/* What the loader knows of a shared object. */
struct tables {
    const ElfW(Sym) * symbols;
    const char *names;
    const ElfW(Rela) * relocations[2];
    size_t sizes[2];
};

static struct tables
read_tables(const struct link_map *map)
{
    struct tables tables = {.names = NULL};
    for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL;
         entry++) {
        const union {
            ElfW(Addr) address;
            const char *names;
            const ElfW(Sym) * symbols;
            const ElfW(Rela) * relocations;
        } value = {entry->d_un.d_ptr};
        switch (entry->d_tag) {
        case DT_SYMTAB:
            tables.symbols = value.symbols;
            break;
        case DT_STRTAB:
            tables.names = value.names;
            break;
        case DT_RELA:
            tables.relocations[0] = value.relocations;
            break;
        case DT_RELASZ:
            tables.sizes[0] = entry->d_un.d_val;
            break;
        case DT_JMPREL:
            tables.relocations[1] = value.relocations;
            break;
        case DT_PLTRELSZ:
            tables.sizes[1] = entry->d_un.d_val;
            break;
        default:
            break;
        }
    }
    return tables;
}

/* The slot may have been made read-only by the loader. */
static void
fill(ElfW(Addr) slot, any_function *here)
{
    const union {
        ElfW(Addr) address;
        void *pointer;
    } page = {slot & ~((ElfW(Addr))sysconf(_SC_PAGESIZE) - 1)}, place = {slot};
    size_t size = slot + sizeof(here) - page.address;
    assert(place.pointer != NULL);
    int failed = mprotect(page.pointer, size, PROT_READ | PROT_WRITE);
    assert(failed == 0);
    memcpy(place.pointer, &here, sizeof(here));
}

void
stage_replace_calls(const void *address_in_it)
{
    // The leaf stands in front of the part, and knows where that is.
    const union {
        void *symbol;
        const void *(*call)(const void *address);
    } target = {.symbol = dlsym(RTLD_DEFAULT, "stub_target")};
    if (target.call != NULL) {
        address_in_it = target.call(address_in_it);
    }
    Dl_info info;
    struct link_map *map = NULL;
    void *extra = NULL;
    int found = dladdr1(address_in_it, &info, &extra, RTLD_DL_LINKMAP);
    assert(found != 0);
    map = extra;
    const struct tables tables = read_tables(map);
    assert(tables.symbols != NULL && tables.names != NULL);
    for (size_t table = 0; table < 2; table++) {
        size_t count = tables.sizes[table] / sizeof(ElfW(Rela));
        assert(count == 0 || tables.relocations[table] != NULL);
        for (size_t i = 0; i < count; i++) {
            const ElfW(Rela) *one = &tables.relocations[table][i];
            const char *name =
                tables.names +
                tables.symbols[ELF64_R_SYM(one->r_info)].st_name;
            for (size_t j = 0; j < sizeof(REPLACED) / sizeof(*REPLACED); j++) {
                if (strcmp(name, REPLACED[j].name) == 0) {
                    fill(map->l_addr + one->r_offset, REPLACED[j].here);
                }
            }
        }
    }
}
