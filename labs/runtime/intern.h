/* Intern: values that exist only once.
 *
 * Equal values in one object save memory, and whoever knows that both sides
 * are interned compares them by address. Small ints are prepared for
 * everybody; strings are interned on request.
 *
 * After CPython 3.12: _PyLong_Small_Ints in Objects/longobject.c, and
 * PyUnicode_InternInPlace in Objects/unicodeobject.c with the rule of all
 * versions but 3.12 itself: an interned string still dies with its last
 * reference. compat.h says what else there is. */
#ifndef LABS_RUNTIME_INTERN_H
#define LABS_RUNTIME_INTERN_H

#include <stdint.h>

struct rt_object;
struct rt_str;

enum {
    RT_SMALL_INT_MIN = -5,      // -_PY_NSMALLNEGINTS
    RT_SMALL_INT_MAX = 256,     // _PY_NSMALLPOSINTS - 1
    RT_SMALL_INT_MAX_315 = 1024 // the same of 3.15, only for RT_COMPAT
};

/* The only int of this value, borrowed for ever and immortal; NULL, without a
 * pending error, if the value is not small. Takes no memory. */
struct rt_object *rt_intern_small_int(int64_t value);

/* Replaces the string in the slot, whose reference it owns, by the interned
 * one with the same text; if there is none, the string itself becomes it.
 * Interning is only a saving, so when there is no memory for it the slot
 * stays as it is and no error is pending (sys.intern). */
void rt_str_intern(struct rt_object **slot);

/* Takes a dying string out of the table, which gives its memory back with the
 * last of them. For the string's dealloc slot alone. */
void rt_intern_forget(struct rt_str *string);

#endif
