/* Faults: what the kernel may do, and seldom does.
 *
 * The Makefile links the tests of whatever talks to the kernel a second time,
 * with the runtime's system calls going through this file; those of the tests
 * themselves do not. Every few calls there is then
 *
 *   EINTR from what may wait, from close() as well, which closes all the same,
 *   EAGAIN from what does not wait,
 *   a short read or write, where the kernel does not promise whole ones,
 *   one event, where epoll has several,
 *   a connection that is gone before it is accepted,
 *   CLOCK_REALTIME an hour away from where it was.
 *
 * Which calls, follows from OURO_FAULTS in the environment, a number. */
#ifndef TESTS_FAULTS_FAULTS_H
#define TESTS_FAULTS_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

/* No more of that. */
void faults_stop(void);

/* The n-th call from now on (from 0) that makes a descriptor fails with this
 * error, or with EAGAIN where it makes a process; n < 0: none. */
void faults_shortage(int n, int error);

/* Whether that call has come. */
bool faults_shortage_came(void);

/* CLOCK_MONOTONIC goes forward by so much at once: a machine that slept. */
void faults_jump(int64_t seconds);

#endif
