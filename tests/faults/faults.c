#include "tests/faults/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The Makefile gives the runtime's calls these names. */
__typeof__(read) faults_read;
__typeof__(write) faults_write;
__typeof__(recv) faults_recv;
__typeof__(send) faults_send;
__typeof__(recvmsg) faults_recvmsg;
__typeof__(sendmsg) faults_sendmsg;
__typeof__(close) faults_close;
__typeof__(epoll_pwait2) faults_epoll_pwait2;
__typeof__(ppoll) faults_ppoll;
__typeof__(waitpid) faults_waitpid;
__typeof__(waitid) faults_waitid;
__typeof__(sem_wait) faults_sem_wait;
__typeof__(sem_clockwait) faults_sem_clockwait;
__typeof__(syscall) faults_syscall;
__typeof__(clock_gettime) faults_clock_gettime;
__typeof__(accept4) faults_accept4;
__typeof__(accept) faults_accept;
__typeof__(connect) faults_connect;
__typeof__(socket) faults_socket;
__typeof__(socketpair) faults_socketpair;
__typeof__(epoll_create1) faults_epoll_create1;
__typeof__(eventfd) faults_eventfd;
__typeof__(shm_open) faults_shm_open;
__typeof__(fork) faults_fork;

static atomic_bool is_often = true;
static atomic_uint_fast32_t calls;
static uint32_t first;
/* Shared with the children, which may be short of something, too. */
static struct shortage {
    atomic_int left;
    atomic_bool came;
    int error;
} * shortage;
static atomic_int_fast64_t jumped_s;

// --- when ------------------------------------------------------------------

void
faults_stop(void)
{
    is_often = false;
}

void
faults_shortage(int n, int error)
{
    shortage->error = error;
    shortage->came = false;
    shortage->left = n;
}

bool
faults_shortage_came(void)
{
    return shortage->came;
}

void
faults_jump(int64_t seconds)
{
    jumped_s += seconds;
}

/* Dice of the call's number (the finalizer of MurmurHash3). */
static uint32_t throw(void)
{
    uint32_t h = first + (uint32_t)atomic_fetch_add(&calls, 1) * 0x9E3779B9U;
    h = (h ^ h >> 16) * 0x85EBCA6BU;
    h = (h ^ h >> 13) * 0xC2B2AE35U;
    return h ^ h >> 16;
}

static bool
is_time(void)
{
    return is_often && throw() % 4 == 0;
}

static bool
is_short_of(bool process)
{
    if (shortage->left < 0 || atomic_fetch_sub(&shortage->left, 1) != 0) {
        return false;
    }
    shortage->came = true;
    errno = process ? EAGAIN : shortage->error;
    return true;
}

__attribute__((constructor)) static void
begin(void)
{
    const char *seed = getenv("OURO_FAULTS");
    first = seed != NULL ? (uint32_t)strtoul(seed, NULL, 10) : 1;
    shortage = mmap(NULL, sizeof(*shortage), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shortage == MAP_FAILED) {
        abort();
    }
    shortage->left = -1;
}

// --- reading and writing ---------------------------------------------------

enum transfer {
    WHOLE, // the kernel moves all that there is, or nothing
    READS,
    WRITES
};

/* How a descriptor moves bytes, and whether it is a socket. */
static enum transfer
transfer_of(int fd, bool writes, size_t size, bool *socket)
{
    struct stat status;
    int type = 0;
    socklen_t length = sizeof(type);
    if (fstat(fd, &status) != 0) {
        return WHOLE;
    }
    if (S_ISFIFO(status.st_mode)) {
        return writes && size <= PIPE_BUF ? WHOLE : writes ? WRITES : READS;
    }
    *socket = S_ISSOCK(status.st_mode);
    if (*socket && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
        type == SOCK_STREAM) {
        return writes ? WRITES : READS;
    }
    return WHOLE;
}

/* True: the call fails, errno says how. Else *size may have become smaller. */
static bool
fails(int fd, bool writes, int flags, size_t *size)
{
    if (!is_time()) {
        return false;
    }
    int mode = fcntl(fd, F_GETFL);
    if (mode < 0) {
        return false;
    }
    bool waits = (mode & O_NONBLOCK) == 0 && (flags & MSG_DONTWAIT) == 0;
    bool socket = false;
    enum transfer transfer = transfer_of(fd, writes, *size, &socket);
    if (transfer != WHOLE && *size > 1 && throw() % 2 == 0) {
        *size = 1 + throw() % (*size - 1);
        return false;
    }
    if (writes && !waits && !socket) {
        return false; // it fails only when full, and then is known to be heard
    }
    errno = waits ? EINTR : EAGAIN;
    return true;
}

ssize_t
faults_read(int fd, void *buffer, size_t size)
{
    return fails(fd, false, 0, &size) ? -1 : read(fd, buffer, size);
}

ssize_t
faults_write(int fd, const void *buffer, size_t size)
{
    return fails(fd, true, 0, &size) ? -1 : write(fd, buffer, size);
}

ssize_t
faults_recv(int fd, void *buffer, size_t size, int flags)
{
    return fails(fd, false, flags, &size) ? -1 : recv(fd, buffer, size, flags);
}

ssize_t
faults_send(int fd, const void *buffer, size_t size, int flags)
{
    return fails(fd, true, flags, &size) ? -1 : send(fd, buffer, size, flags);
}

ssize_t
faults_recvmsg(int fd, struct msghdr *message, int flags)
{
    size_t one = 1;
    return fails(fd, false, flags, &one) ? -1 : recvmsg(fd, message, flags);
}

ssize_t
faults_sendmsg(int fd, const struct msghdr *message, int flags)
{
    size_t one = 1;
    return fails(fd, true, flags, &one) ? -1 : sendmsg(fd, message, flags);
}

/* The descriptor is free afterwards, whatever is said. */
int
faults_close(int fd)
{
    int result = close(fd);
    if (result == 0 && is_time()) {
        errno = EINTR;
        return -1;
    }
    return result;
}

// --- waiting ---------------------------------------------------------------

static bool
is_interrupted(void)
{
    if (is_time()) {
        errno = EINTR;
        return true;
    }
    return false;
}

int
faults_epoll_pwait2(int epoll, struct epoll_event *events, int most,
                    const struct timespec *timeout, const sigset_t *mask)
{
    if (is_interrupted()) {
        return -1;
    }
    return epoll_pwait2(epoll, events, is_time() ? 1 : most, timeout, mask);
}

int
faults_ppoll(struct pollfd *files, nfds_t count,
             const struct timespec *timeout, const sigset_t *mask)
{
    return is_interrupted() ? -1 : ppoll(files, count, timeout, mask);
}

pid_t
faults_waitpid(pid_t child, int *status, int options)
{
    return (options & WNOHANG) == 0 && is_interrupted()
               ? -1
               : waitpid(child, status, options);
}

int
faults_waitid(idtype_t type, id_t id, siginfo_t *information, int options)
{
    return (options & WNOHANG) == 0 && is_interrupted()
               ? -1
               : waitid(type, id, information, options);
}

int
faults_sem_wait(sem_t *semaphore)
{
    return is_interrupted() ? -1 : sem_wait(semaphore);
}

int
faults_sem_clockwait(sem_t *semaphore, clockid_t clock,
                     const struct timespec *until)
{
    return is_interrupted() ? -1 : sem_clockwait(semaphore, clock, until);
}

/* Takes as many arguments as any call has, as the kernel does. */
long
faults_syscall(long number, ...)
{
    va_list list;
    long a[6];
    va_start(list, number);
    for (int i = 0; i < 6; i++) {
        a[i] = va_arg(list, long);
    }
    va_end(list);
    bool waits =
        number == SYS_futex && (a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
    if ((waits && is_interrupted()) ||
        (number == SYS_pidfd_open && is_short_of(false))) {
        return -1;
    }
    return syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int
faults_clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = clock_gettime(clock, now);
    if (clock == CLOCK_REALTIME && is_time()) {
        now->tv_sec += throw() % 2 == 0 ? 3600 : -3600;
    }
    if (clock == CLOCK_MONOTONIC) {
        now->tv_sec += jumped_s;
    }
    return result;
}

// --- what makes a descriptor or a process ----------------------------------

int
faults_accept4(int fd, __SOCKADDR_ARG address, socklen_t *length, int flags)
{
    if (is_short_of(false)) {
        return -1;
    }
    if (is_time()) {
        static const int ERRORS[] = {EINTR, ECONNABORTED, EAGAIN};
        int mode = fcntl(fd, F_GETFL);
        bool waits = mode >= 0 && (mode & O_NONBLOCK) == 0;
        errno = ERRORS[throw() % (waits ? 2 : 3)];
        return -1;
    }
    return accept4(fd, address, length, flags);
}

int
faults_accept(int fd, __SOCKADDR_ARG address, socklen_t *length)
{
    return faults_accept4(fd, address, length, 0);
}

/* A connection that was interrupted goes on by itself. */
int
faults_connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t length)
{
    int result = connect(fd, address, length);
    if (result == 0 && is_time()) {
        errno = EINTR;
        return -1;
    }
    return result;
}

int
faults_socket(int domain, int type, int protocol)
{
    return is_short_of(false) ? -1 : socket(domain, type, protocol);
}

int
faults_socketpair(int domain, int type, int protocol, int pair[2])
{
    return is_short_of(false) ? -1 : socketpair(domain, type, protocol, pair);
}

int
faults_epoll_create1(int flags)
{
    return is_short_of(false) ? -1 : epoll_create1(flags);
}

int
faults_eventfd(unsigned count, int flags)
{
    return is_short_of(false) ? -1 : eventfd(count, flags);
}

int
faults_shm_open(const char *name, int flags, mode_t mode)
{
    return is_short_of(false) ? -1 : shm_open(name, flags, mode);
}

pid_t
faults_fork(void)
{
    return is_short_of(true) ? -1 : fork();
}
