/* Trace: what a case's process says about its own end, in its log. It is said
 * from where the learner's code is at home, so it explains a verdict and never
 * decides one.
 *
 *   ESC trace NUMBER ADDRESS PC...     a signal, the address it is about, and
 *                                      where: innermost first
 *   ESC block BYTES COUNT PC...        of what is left of the runtime's
 * memory, by the place that asked for it
 *
 *   ESC calls COUNT MICROSECONDS       how often the part was called by now,
 *                                      and the processor time used
 *
 * Numbers are hexadecimal; a PC is an offset in the part, and what lies in
 * other code is left out. */
#ifndef GRADER_TRACE_H
#define GRADER_TRACE_H

#include <stdint.h>

#define TRACE_MARK "\033trace "
#define TRACE_CALLS "\033calls "
#define TRACE_BLOCK "\033block "

enum {
    TRACE_DEPTH = 8 // places of one line, at most
};

/* Watches for the signals of crashes, for SIGXCPU, which means that the time
 * is over, and for SIGUSR1, which asks for the calls so far; under sanitizers
 * for the last alone. part is a handle of dlopen(). */
void trace_start(void *part, const volatile uint64_t *calls, int log);

/* Where the part lies; both are 0 if that cannot be known. */
void trace_part(uintptr_t *start, uintptr_t *end);

/* Notes who takes and who gives back memory of the runtime in lab, a handle of
 * dlopen(), and after the case what is left. */
void trace_memory(void *lab);
void trace_write_memory(void);

#endif
