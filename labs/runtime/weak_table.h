/* Weak table: what weak dicts and weak sets have in common.
 *
 * After CPython 3.12: Lib/weakref.py and Lib/_weakrefset.py. A weak table
 * stores weak references in an ordinary dict or set, all with one callback,
 * the remover: when an object dies, its entry goes. The remover refers weakly
 * to the table, so it does not keep it alive.
 *
 * A dict or set that somebody walks through must not change. So while walks
 * are going on the remover only notes what to take out, and the end of the
 * last walk takes it out. Room for the notes is got beforehand: a death asks
 * for no memory.
 *
 * Each kind of table says how many entries live, and which of its functions
 * take out first what is noted, as CPython's do: a walk that is going on then
 * ends with a runtime error. */
#ifndef LABS_RUNTIME_WEAK_TABLE_H
#define LABS_RUNTIME_WEAK_TABLE_H

#include "labs/runtime/object.h"

struct rt_weakref;
struct rt_weak_books; // private to weak_table.c

struct rt_weak_table {
    struct rt_object head;
    struct rt_weakref *weakrefs;
    struct rt_weak_books *books; // ours: the entries, and what is noted
    struct rt_object *remover;   // ours
};

/* What all tables of one kind share; dealloc and traverse of the type are
 * rt_weak_table_dealloc() and rt_weak_table_traverse(). */
struct rt_weak_table_kind {
    struct rt_type type;

    /* Whether a walk that begins takes out first what is noted. */
    bool commits_first;

    /* By what the entry of this weak reference is found, borrowed. */
    struct rt_object *(*note)(struct rt_object *reference);

    /* Takes out the entry of a dead weak reference by that, if it is there
     * still. 0, or -1 with a pending error. */
    int (*discard)(struct rt_object *data, struct rt_object *note);

    /* The key and the value of an entry that lives, NULL in a set, for a walk:
     * true and new references, or false if it is dead. */
    bool (*read)(struct rt_object *stored_key, struct rt_object *stored_value,
                 struct rt_object **key, struct rt_object **value);
};

/* A new table with its entries in data, an empty dict or set, which is stolen;
 * NULL: none could be had. NULL with a pending memory error. */
struct rt_object *rt_weak_table_new(const struct rt_weak_table_kind *kind,
                                    struct rt_object *data);

/* A new table with the same remover as another one: its entries are in data,
 * which is stolen as above, or, if same_books, shared. */
struct rt_object *rt_weak_table_new_like(struct rt_object *table,
                                         bool same_books,
                                         struct rt_object *data);

void rt_weak_table_dealloc(struct rt_object *object);
int rt_weak_table_traverse(struct rt_object *object,
                           int (*visit)(struct rt_object *held, void *data),
                           void *data);

/* Where the entries are, borrowed. */
struct rt_object *rt_weak_table_data(struct rt_object *table);

/* The callback for new entries, borrowed. */
struct rt_object *rt_weak_table_remover(struct rt_object *table);

/* Gets room for the note of one entry more. 0, or -1 with a pending memory
 * error. */
int rt_weak_table_reserve(struct rt_object *table);

/* Takes out now what is noted. 0, or -1 with the pending error of a comparison
 * (_commit_removals). */
int rt_weak_table_commit(struct rt_object *table);

/* How many entries are noted. */
size_t rt_weak_table_noted(struct rt_object *table);

/* --- walks --------------------------------------------------------------- */

/* A walk through the living entries, in the order of the dict or set; it holds
 * the table (_IterationGuard). */
struct rt_weak_walk {
    struct rt_object *table; // ours; NULL: the walk is over
    size_t position;
    size_t size;                   // of the data as the walk began
    size_t left;                   // entries to come
    struct rt_object *key, *value; // of this step, ours; NULL: none
};

/* Begins; end it with rt_weak_walk_end(). 0, or -1 with a pending error and
 * nothing to end. */
int rt_weak_walk_begin(struct rt_weak_walk *walk, struct rt_object *table);

/* One step: 1 with key and value, borrowed until the next step; 0 at the end;
 * -1 with a pending error: somebody has changed the table, or a comparison has
 * failed as the walk ended. After 0 and -1 the walk is over. */
int rt_weak_walk_next(struct rt_weak_walk *walk);

/* Ends the walk if it is not over: the last one takes out what is noted. 0, or
 * -1 with a pending error; one that was pending before stays so after 0. */
int rt_weak_walk_end(struct rt_weak_walk *walk);

/* Walks through the table and calls store with the other container, each
 * living entry and memo, which may be NULL, until it fails; 0, or -1 with a
 * pending error. */
int rt_weak_table_store_all(struct rt_object *table, struct rt_object *to,
                            int (*store)(struct rt_object *to,
                                         const struct rt_weak_walk *entry,
                                         struct rt_copy_memo *memo),
                            struct rt_copy_memo *memo);

/* The equal slot of weak dicts: whether what lives in both is equal, keys and
 * values (Mapping.__eq__ in Lib/_collections_abc.py). */
int rt_weak_table_equal_dicts(struct rt_object *a, struct rt_object *b);

#endif
