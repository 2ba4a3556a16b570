/* Constants: those of one compiled unit, each only once.
 *
 * After CPython 3.12: Python/compile.c, merge_consts_recursive and
 * _PyCode_ConstantKey; Objects/codeobject.c, intern_constants. What one file
 * is compiled to holds equal constants once, whichever function names them;
 * another file has its own. Equal means: of one type and with one value, so 1
 * and 1.0 stay apart, 0.0 and -0.0 too, and tuples that differ in this way.
 *
 * Strings that look like a name (letters, digits and "_") are interned, so
 * that they are the same in all units; and so are the empty string and those
 * of one character up to U+00FF. From 3.15 on all strings are (see
 * compat.h). */
#ifndef LABS_RUNTIME_CONSTANTS_H
#define LABS_RUNTIME_CONSTANTS_H

#include <stddef.h>

struct rt_constants; // private to constants.c
struct rt_object;

/* The constants of a new unit, none. NULL with a pending memory error. Give it
 * back with rt_constants_free(). */
struct rt_constants *rt_constants_new(void);
void rt_constants_free(struct rt_constants *constants); // NULL is fine

/* The one object of the unit that is equal to this constant, a string, a
 * number, bytes or a tuple of such, borrowed until rt_constants_free(). It is
 * the constant itself if there was none, unless interning has put others in
 * its place or into it. NULL with a pending error. */
struct rt_object *rt_constants_merge(struct rt_constants *constants,
                                     struct rt_object *constant);

/* How many there are, parts of tuples included. */
size_t rt_constants_size(const struct rt_constants *constants);

#endif
