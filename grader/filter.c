#include "grader/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
load(scmp_filter_ctx filter, int failed)
{
    int result = failed != 0 ? failed : seccomp_load(filter);
    seccomp_release(filter);
    if (result != 0) {
        errno = -result;
        return -1;
    }
    return 0;
}

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
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int failed = filter == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < sizeof(DENIED) / sizeof(*DENIED); i++) {
        failed |=
            seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), DENIED[i], 0);
    }
    // A process must not type into the terminal of the caller.
    failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl),
                               1, SCMP_A1(SCMP_CMP_EQ, TIOCSTI, 0));
    return load(filter, failed);
}

/* The program of the kernel that libseccomp has made. */
struct filter {
    struct sock_fprog program;
    struct sock_filter instructions[1024];
};

/* Stands for the process that a filter is made for. */
#define SOME_PROCESS 0x4F75726FU

static int
enter(struct sock_fprog *program)
{
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program);
}

/* Takes the instructions out of what libseccomp has built. */
static struct filter *export(scmp_filter_ctx rules)
{
    static struct filter made[2];
    static int count;
    int file = memfd_create("filter", MFD_CLOEXEC);
    struct filter *filter = &made[count];
    ssize_t length = 0;
    if (file >= 0 && count < 2 && seccomp_export_bpf(rules, file) == 0) {
        length =
            pread(file, filter->instructions, sizeof(filter->instructions), 0);
    }
    close(file);
    if (length <= 0 || length == sizeof(filter->instructions)) {
        return NULL;
    }
    filter->program.len =
        (unsigned short)((size_t)length / sizeof(struct sock_filter));
    filter->program.filter = filter->instructions;
    count++;
    return filter;
}

int
filter_leaf_enter(struct filter *filter)
{
    for (size_t i = 0; i < filter->program.len; i++) {
        if (filter->instructions[i].k == SOME_PROCESS) {
            filter->instructions[i].k = (unsigned)getpid();
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
    scmp_filter_ctx filter =
        seccomp_init(lenient ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
    int failed = filter == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < sizeof(ALLOWED) / sizeof(*ALLOWED); i++) {
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, ALLOWED[i], 0);
    }
    for (size_t i = 0; i < sizeof(MISSING) / sizeof(*MISSING); i++) {
        failed |=
            seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), MISSING[i], 0);
    }
    // Only for reading.
    failed |= seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
        SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND,
                O_RDONLY));
    // Threads, but no processes, and nobody waits for a thread as if it were
    // one: that looks like waiting for a disk (delay.h).
    failed |= seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
        SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VFORK, CLONE_THREAD));
    // abort() and raise() signal their own thread. SIGSYS would say that this
    // filter has spoken.
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 2,
                               SCMP_A0(SCMP_CMP_EQ, SOME_PROCESS, 0),
                               SCMP_A2(SCMP_CMP_NE, SIGSYS, 0));
    // Asking for a limit, not setting one.
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
                               SCMP_A2(SCMP_CMP_EQ, 0, 0));
    // For the seal.
    failed |=
        seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(seccomp), 1,
                         SCMP_A0(SCMP_CMP_EQ, SECCOMP_SET_MODE_FILTER, 0));
    struct filter *made = failed == 0 ? export(filter) : NULL;
    seccomp_release(filter);
    return made;
}
