/* Gc graph: who in a row of objects is trash.
 *
 * The question that gc_unreachable.c asks of linked objects, asked of rows;
 * the answer is the same, the order of the objects included. Memory decides
 * how long a collection takes: an address that must first be read from
 * somewhere else costs many times what one costs that was known in time. So
 * objects are visited in the order of their row, those whose turn comes soon
 * are fetched ahead, and those that they hold are not looked at, only the
 * bytes beside them (gc_side.h). Each is read only once: what it holds is
 * written down, and then what is written is counted, and walked along. A
 * collection asks for no memory. */
#ifndef LABS_RUNTIME_FAST_GC_GRAPH_H
#define LABS_RUNTIME_FAST_GC_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rt_object;

/* In the facts of built-in tuples and dicts. */
#define RT_GC_MAY_HOLD_ATOMS (UINT32_C(1) << 29)

struct rt_gc_graph {
    struct rt_object **objects; // the row; NULL is none
    size_t count;
    size_t first;      // the place of its first, see gc_rows.h
    uint32_t *facts;   // room for a number for each of them
    uint32_t *notes;   // room for what they hold
    size_t notes_room; // who has no place in there is read again and again

    uintptr_t region;     // what is written down lies in this one
    unsigned char *bytes; // beside it

    /* What is found. */
    size_t live, trash_count;
    uint32_t trash_facts;       // of all trash together
    uint64_t trash_refs;        // references to trash
    uint64_t trash_notes;       // references that trash holds
    uint32_t live_facts;        // of all that is alive, less the rescued
    struct rt_object **rescued; // those that were taken for trash at first;
    size_t rescued_count;       // there is room for all
};

/* Finds out: afterwards the byte beside each piece of trash is RT_GC_TRASH,
 * and beside the rescued the same with RT_GC_REACHED. It is the caller's to
 * make them strangers again. */
void rt_gc_graph_read(struct rt_gc_graph *graph);

/* Whether its trash can go at once, because nobody could tell in which order
 * it went: no finalizer, no weak reference, and nothing else dies of it that
 * could tell. */
bool rt_gc_graph_is_plain(const struct rt_gc_graph *graph);

/* Frees plain trash and takes it out of the row. */
void rt_gc_graph_sweep(const struct rt_gc_graph *graph);

#endif
