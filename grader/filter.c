#include "grader/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h> // names all calls, even those that are not on this machine
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "grader/rules.h"

static int
enter(struct sock_fprog *program)
{
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program);
}

// --- answers ---------------------------------------------------------------

/* Stand for what is only known when a filter is made, or entered. */
#define SOME_PROCESS 0x4F75726FU
#define REFUSE 0x52656675U

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(field))
/* The halves of an argument. Of a call's int the kernel takes the lower one
 * alone; it is the first one on the machines that rules.c knows. */
#define LOW(number) offsetof(struct seccomp_data, args[number])
#define HIGH(number) (LOW(number) + 4)
#define MASK(bits) BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (bits))
#define SKIP_UNLESS(value, steps)                                             \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (steps))
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define FAIL(number) ANSWER(SECCOMP_RET_ERRNO | (number))

static const struct sock_filter ALLOW[] = {ANSWER(SECCOMP_RET_ALLOW)};
static const struct sock_filter KILL[] = {ANSWER(SECCOMP_RET_KILL_PROCESS)};
static const struct sock_filter DENY[] = {FAIL(EPERM)};
static const struct sock_filter LACK[] = {FAIL(ENOSYS)};
static const struct sock_filter OTHERS[] = {ANSWER(REFUSE)};

/* A process must not type into the terminal of the caller. */
static const struct sock_filter TYPE[] = {LOAD(LOW(1)),
                                          SKIP_UNLESS(TIOCSTI, 1), FAIL(EPERM),
                                          ANSWER(SECCOMP_RET_ALLOW)};

/* Only for reading. */
static const struct sock_filter OPEN[] = {
    LOAD(LOW(2)), MASK(O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND),
    SKIP_UNLESS(O_RDONLY, 1), ANSWER(SECCOMP_RET_ALLOW), ANSWER(REFUSE)};

/* Threads, but no processes, and nobody waits for a thread as if it were one:
 * that looks like waiting for a disk (delay.h). */
static const struct sock_filter CLONE[] = {
    LOAD(LOW(0)), MASK(CLONE_THREAD | CLONE_VFORK),
    SKIP_UNLESS(CLONE_THREAD, 1), ANSWER(SECCOMP_RET_ALLOW), ANSWER(REFUSE)};

/* abort() and raise() signal their own thread. SIGSYS would say that this
 * filter has spoken. */
static const struct sock_filter SIGNAL[] = {
    LOAD(LOW(0)),
    SKIP_UNLESS(SOME_PROCESS, 3),
    LOAD(LOW(2)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SIGSYS, 1, 0),
    ANSWER(SECCOMP_RET_ALLOW),
    ANSWER(REFUSE)};

/* Asking for a limit, not setting one. */
static const struct sock_filter LIMIT[] = {
    LOAD(LOW(2)),      SKIP_UNLESS(0, 3),         LOAD(HIGH(2)),
    SKIP_UNLESS(0, 1), ANSWER(SECCOMP_RET_ALLOW), ANSWER(REFUSE)};

/* For the seal. */
static const struct sock_filter SEAL[] = {
    LOAD(LOW(0)), SKIP_UNLESS(SECCOMP_SET_MODE_FILTER, 1),
    ANSWER(SECCOMP_RET_ALLOW), ANSWER(REFUSE)};

#define THE(steps)                                                            \
    (struct rules_answer)                                                     \
    {                                                                         \
        (steps), sizeof(steps) / sizeof(*(steps))                             \
    }

/* Calls that this machine has not have no answer. */
static void
answer(struct rules *rules, int call, struct rules_answer answer)
{
    if (call >= 0 && call < RULES_CALLS) {
        rules->of[call] = answer;
    }
}

static void
answer_each(struct rules *rules, const int *calls, size_t count,
            struct rules_answer of_each)
{
    for (size_t i = 0; i < count; i++) {
        answer(rules, calls[i], of_each);
    }
}

static void
answer_all(struct rules *rules, struct rules_answer of_all)
{
    for (int i = 0; i < RULES_CALLS; i++) {
        rules->of[i] = of_all;
    }
    rules->others = of_all;
    rules->alien = THE(KILL);
}

// --- tools -----------------------------------------------------------------

int
filter_tools(void)
{
    static const int DENIED[] = {SCMP_SYS(socket),
                                 SCMP_SYS(socketpair),
                                 SCMP_SYS(ptrace),
                                 SCMP_SYS(mount),
                                 SCMP_SYS(umount2),
                                 SCMP_SYS(pivot_root),
                                 SCMP_SYS(chroot),
                                 SCMP_SYS(setns),
                                 SCMP_SYS(unshare),
                                 SCMP_SYS(keyctl),
                                 SCMP_SYS(add_key),
                                 SCMP_SYS(request_key),
                                 SCMP_SYS(bpf),
                                 SCMP_SYS(perf_event_open),
                                 SCMP_SYS(io_uring_setup),
                                 SCMP_SYS(userfaultfd),
                                 SCMP_SYS(process_vm_readv),
                                 SCMP_SYS(process_vm_writev),
                                 SCMP_SYS(kexec_load),
                                 SCMP_SYS(init_module),
                                 SCMP_SYS(finit_module),
                                 SCMP_SYS(open_by_handle_at),
                                 SCMP_SYS(shmget),
                                 SCMP_SYS(msgget),
                                 SCMP_SYS(semget),
                                 SCMP_SYS(mq_open),
                                 SCMP_SYS(swapon),
                                 SCMP_SYS(reboot),
                                 SCMP_SYS(personality)};
    struct rules rules;
    struct sock_filter steps[RULES_STEPS];
    answer_all(&rules, THE(ALLOW));
    answer_each(&rules, DENIED, sizeof(DENIED) / sizeof(*DENIED), THE(DENY));
    answer(&rules, SCMP_SYS(ioctl), THE(TYPE));
    struct sock_fprog program = {
        .len = (unsigned short)rules_compile(&rules, steps), .filter = steps};
    if (program.len == 0) {
        errno = E2BIG;
        return -1;
    }
    return enter(&program);
}

// --- leaf ------------------------------------------------------------------

struct filter {
    struct sock_fprog program;
    struct sock_filter steps[RULES_STEPS];
};

int
filter_leaf_enter(struct filter *filter)
{
    for (size_t i = 0; i < filter->program.len; i++) {
        if (filter->steps[i].k == SOME_PROCESS) {
            filter->steps[i].k = (unsigned)getpid();
        }
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
               ? -1
               : enter(&filter->program);
}

/* Ends the process at a call from an instruction of this range, whose
 * addresses have the same upper half. Returns how many instructions it wrote.
 */
static size_t
deny_range(struct sock_filter *at, uint32_t upper, uint32_t first,
           uint32_t last)
{
    const struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 offsetof(struct seccomp_data, instruction_pointer) + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, upper, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 offsetof(struct seccomp_data, instruction_pointer)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)};
    memcpy(at, instructions, sizeof(instructions));
    return sizeof(instructions) / sizeof(*instructions);
}

/* The same of any range. What is larger than 4 GiB no process of ours holds.
 */
static size_t
deny_calls_from(struct sock_filter *at, uintptr_t start, uintptr_t end)
{
    const uint32_t upper = (uint32_t)(start >> 32);
    const uint32_t end_upper = (uint32_t)((end - 1) >> 32);
    const uint32_t first = (uint32_t)start;
    const uint32_t last = (uint32_t)(end - 1);
    if (start >= end) {
        return 0;
    }
    if (upper == end_upper) {
        return deny_range(at, upper, first, last);
    }
    size_t count = deny_range(at, upper, first, UINT32_MAX);
    return count + deny_range(at + count, end_upper, 0, last);
}

int
filter_leaf_seal(uintptr_t start, uintptr_t end)
{
    // 0 read the call's number; opening fails with EPERM; of mmap() and
    // mprotect() the third word says whether the memory is executable.
    const struct sock_filter rest[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 6, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)};
    struct sock_filter instructions[12 + sizeof(rest) / sizeof(*rest)];
    size_t count = deny_calls_from(instructions, start, end);
    memcpy(instructions + count, rest, sizeof(rest));
    struct sock_fprog program = {
        .len = (unsigned short)(count + sizeof(rest) / sizeof(*rest)),
        .filter = instructions};
    return enter(&program);
}

/* Whoever may not do a thing is killed, or hears so. */
static void
refuse_with(struct filter *filter, unsigned what)
{
    for (size_t i = 0; i < filter->program.len; i++) {
        if (filter->steps[i].k == REFUSE) {
            filter->steps[i].k = what;
        }
    }
}

struct filter *
filter_leaf_new(int lenient)
{
    static const int ALLOWED[] = {SCMP_SYS(read),
                                  SCMP_SYS(write),
                                  SCMP_SYS(writev),
                                  SCMP_SYS(readv),
                                  SCMP_SYS(pread64),
                                  SCMP_SYS(close),
                                  SCMP_SYS(fstat),
                                  SCMP_SYS(newfstatat),
                                  SCMP_SYS(lseek),
                                  SCMP_SYS(mmap),
                                  SCMP_SYS(mprotect),
                                  SCMP_SYS(munmap),
                                  SCMP_SYS(mremap),
                                  SCMP_SYS(brk),
                                  SCMP_SYS(madvise),
                                  SCMP_SYS(futex),
                                  SCMP_SYS(exit),
                                  SCMP_SYS(exit_group),
                                  SCMP_SYS(rt_sigaction),
                                  SCMP_SYS(rt_sigprocmask),
                                  SCMP_SYS(rt_sigreturn),
                                  SCMP_SYS(sigaltstack),
                                  SCMP_SYS(clock_gettime),
                                  SCMP_SYS(clock_getres),
                                  SCMP_SYS(clock_nanosleep),
                                  SCMP_SYS(nanosleep),
                                  SCMP_SYS(gettimeofday),
                                  SCMP_SYS(time),
                                  SCMP_SYS(getpid),
                                  SCMP_SYS(gettid),
                                  SCMP_SYS(sched_yield),
                                  SCMP_SYS(sched_getaffinity),
                                  SCMP_SYS(getrandom),
                                  SCMP_SYS(set_robust_list),
                                  SCMP_SYS(rseq),
                                  SCMP_SYS(membarrier),
                                  SCMP_SYS(restart_syscall),
                                  SCMP_SYS(getrusage),
                                  SCMP_SYS(sysinfo),
                                  SCMP_SYS(uname),
                                  SCMP_SYS(getuid),
                                  SCMP_SYS(geteuid),
                                  SCMP_SYS(getgid),
                                  SCMP_SYS(getegid),
                                  SCMP_SYS(epoll_create1),
                                  SCMP_SYS(epoll_ctl),
                                  SCMP_SYS(epoll_wait),
                                  SCMP_SYS(epoll_pwait),
                                  SCMP_SYS(eventfd2)};
    // What the loader tries and can do without.
    static const int MISSING[] = {SCMP_SYS(access),     SCMP_SYS(faccessat),
                                  SCMP_SYS(faccessat2), SCMP_SYS(readlink),
                                  SCMP_SYS(readlinkat), SCMP_SYS(statx),
                                  SCMP_SYS(clone3),     SCMP_SYS(ioctl)};
    static struct filter made;
    struct rules rules;
    answer_all(&rules, THE(OTHERS));
    answer_each(&rules, ALLOWED, sizeof(ALLOWED) / sizeof(*ALLOWED),
                THE(ALLOW));
    answer_each(&rules, MISSING, sizeof(MISSING) / sizeof(*MISSING),
                THE(LACK));
    answer(&rules, SCMP_SYS(openat), THE(OPEN));
    answer(&rules, SCMP_SYS(clone), THE(CLONE));
    answer(&rules, SCMP_SYS(tgkill), THE(SIGNAL));
    answer(&rules, SCMP_SYS(prlimit64), THE(LIMIT));
    answer(&rules, SCMP_SYS(seccomp), THE(SEAL));
    made.program.len = (unsigned short)rules_compile(&rules, made.steps);
    made.program.filter = made.steps;
    refuse_with(&made, lenient ? SECCOMP_RET_ERRNO | EPERM
                               : SECCOMP_RET_KILL_PROCESS);
    if (made.program.len == 0) {
        errno = E2BIG;
        return NULL;
    }
    return &made;
}
