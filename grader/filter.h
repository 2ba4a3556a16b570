/* Filter: which system calls code in a box may make (seccomp). */
#ifndef GRADER_FILTER_H
#define GRADER_FILTER_H

#include <stdint.h>

/* For a compiler and a linker: everything but what could reach out of the box
 * or take it apart (network, ptrace, mounts, namespaces, kernel keys, BPF).
 * 0, or -1 with errno. */
int filter_tools(void);

/* For the process that runs a learner's code: an allow list. No new program,
 * no new process (threads are fine), no socket, nothing written but what is
 * open; files may be opened for reading, which the loader needs. Any other
 * call ends the process with SIGSYS; with lenient it fails with EPERM instead
 * (the sanitizers try things that they can do without).
 *
 * Making the filter takes longer than many a case, so it is made once, and
 * each process enters a copy. filter_leaf_new() gives NULL with errno when it
 * cannot be made; it is never given back. Entering: 0, or -1 with errno. */
struct filter;
struct filter *filter_leaf_new(int lenient);
int filter_leaf_enter(struct filter *filter);

/* From now on, on top of the above: nothing is opened any more, no memory
 * becomes executable, and who calls from within this range of addresses ends
 * with SIGSYS (where start is below end). For the time when the loader has
 * done its work, and the learner's code is known to lie there. */
int filter_leaf_seal(uintptr_t start, uintptr_t end);

#endif
