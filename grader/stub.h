/* Stub: stands for the part under test while the rest of a lab is loaded.
 *
 * A lab is loaded once, before it is known which part it gets. Its calls of
 * the part's functions meet these, each of which jumps to where its slot
 * points. Whoever loads a part fills the slots. */
#ifndef GRADER_STUB_H
#define GRADER_STUB_H

#include <stddef.h>
#include <stdint.h>

struct stub {
    const char *name;   // of the function
    void (*stub)(void); // which stands for it
    void **slot;        // its address goes here
};

extern const struct stub stub_table[];
extern const size_t stub_count;

/* How often the part was called; threads may get lost in it. */
const volatile uint64_t *stub_calls(void);

/* Where a stub jumps to, for who must know the part itself; an address that is
 * no stub's is returned as it is. */
const void *stub_target(const void *address);

#endif
