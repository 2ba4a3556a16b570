/* Gc side: a byte beside each object, found from its address alone.
 *
 * What a collection has to know about an object it does not ask the object,
 * which may be anywhere in a large memory, but a map of that memory that is 32
 * times smaller and so mostly near: a byte for each 32 bytes. Each 16 GiB of
 * addresses in which there ever was a container have such a map, and all
 * others share one that is never written to. A map is a stretch of addresses
 * only, until a byte of it is written to.
 *
 *   address  | region 14 | byte 29 | 5 |     region -> map
 *
 * No other object's byte is a container's, because the block of each lies at
 * 32 bytes at least from the next one. Only atoms take less, and their pools
 * have none but such. A container begins 8 bytes into its block, which is no
 * other 32 bytes: blocks are aligned to 16. */
#ifndef LABS_RUNTIME_FAST_GC_SIDE_H
#define LABS_RUNTIME_FAST_GC_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RT_GC_LEAST_BYTES = 32, // of a container's block
    RT_GC_REGION_SHIFT = 34,
    RT_GC_REGIONS = 1 << 14,
    RT_GC_MAP_BYTES = 1 << 29
};

/* What a byte says. From RT_GC_NONE to RT_GC_MOST it counts references: one
 * less than the byte. Who is found alive gets the upper bit besides. */
enum rt_gc_side {
    RT_GC_STRANGER, // no part of this collection; all are between collections
    RT_GC_NONE,
    RT_GC_MOST = 0x7D,
    RT_GC_MANY,  // the count is in a head
    RT_GC_TRASH, // with the upper bit: alive, but taken for trash at first
    RT_GC_REACHED = 0x80
};

/* What a byte says afterwards if a living object holds this one: a stranger's
 * the same, any other has the upper bit. Nobody can foretell which it will be,
 * so there is no branch. */
static inline unsigned
rt_gc_side_reached(unsigned said)
{
    return said | ((said + RT_GC_REACHED - 1) & RT_GC_REACHED);
}

extern unsigned char *rt_gc_maps[RT_GC_REGIONS];

/* The byte beside an object. Of an atom it may be looked at, too, once there
 * is a container: it is a stranger. */
static inline unsigned char *
rt_gc_side_of(const void *object)
{
    uintptr_t address = (uintptr_t)object;
    return rt_gc_maps[address >> RT_GC_REGION_SHIFT] +
           (address >> 5) % RT_GC_MAP_BYTES;
}

extern unsigned char *rt_gc_nowhere;

static inline bool
rt_gc_has_map(const void *object)
{
    const unsigned char *map =
        rt_gc_maps[(uintptr_t)object >> RT_GC_REGION_SHIFT];
    return map != rt_gc_nowhere; // NULL at first, too
}

__attribute__((noinline, cold)) bool rt_gc_side_make(const void *object);

/* Makes the map for a new object's address; false without memory. Maps stay,
 * for addresses come again. */
static inline bool
rt_gc_side_reserve(const void *object)
{
    return rt_gc_has_map(object) || rt_gc_side_make(object);
}

#endif
