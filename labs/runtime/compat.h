/* Compat: which CPython the runtime behaves like, where they differ.
 *
 * The environment variable RT_COMPAT says it, as "3.11" to "3.15"; without it,
 * or with anything else, 3.12. It is read once.
 *
 *   automatic collections   up to 3.11 within the allocation that is one too
 *                           many; from 3.12 at the next safe point, when the
 *                           new object is tracked already */
#ifndef LABS_RUNTIME_COMPAT_H
#define LABS_RUNTIME_COMPAT_H

int rt_compat_minor(void); // 12 for 3.12

#endif
