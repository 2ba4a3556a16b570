/* Compat: which CPython the runtime behaves like, where they differ.
 *
 * The environment variable RT_COMPAT says it, as "3.11" to "3.15", or with the
 * number of the release behind it, "3.11.2"; without it, or with anything
 * else, 3.12. It is read once. Without a number it is the last release. 3.14
 * stands for 3.14.0 to 3.14.4, but for their incremental collector: there are
 * three generations in all versions.
 *
 *   automatic collections   up to 3.11 within the allocation that is one too
 *                           many; from 3.12 at the next safe point, when the
 *                           new object is tracked already
 *   thresholds              700, 10, 10; in 3.13 and 3.15 2000, 10, 10; in
 *                           3.14 2000, 10, 0
 *   dicts of atoms          not tracked; from 3.14 on tracked
 *   weak references         to trash, without a callback: cleared before the
 *                           finalizers; in 3.15 after them
 *   statistics              in 3.15 also the candidates and the duration
 *   small ints              -5 to 256; in 3.15 to 1024
 *   constants               strings that look like names are interned; in 3.15
 *                           all strings
 *   cleared ordered dicts   up to 3.12 their iterators say that the size has
 *                           changed, from 3.13 on that the order has
 *   stop-iterations         up to 3.12.5 futures refuse them, then they make
 *                           runtime errors of them
 *   conditions              up to 3.12 a waiter that is cancelled while it
 *                           takes the lock again forgets why
 *   timeouts                up to 3.11.2 one that is over in a task that was
 *                           cancelled before it began does not take its own
 *                           cancellation back
 *   interned strings        die with their last reference; where RT_COMPAT
 * says 3.12, but not where it is missing, they are immortal */
#ifndef LABS_RUNTIME_COMPAT_H
#define LABS_RUNTIME_COMPAT_H

#include <stdbool.h>

int rt_compat_minor(void); // 12 for 3.12

/* Whether it is an earlier release than that: 11, 3 for 3.11.3. */
bool rt_compat_is_before(int minor, int micro);

/* Whether RT_COMPAT says 3.12 in so many words. */
bool rt_compat_has_immortal_strings(void);

#endif
