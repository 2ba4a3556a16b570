#include "labs/runtime/fast/gc_heads.h"

#include <assert.h>
#include <stdlib.h>

#include "labs/runtime/fast/gc_rows.h"

struct lent {
    struct rt_gc_head head;
    struct rt_object *to;
};

static struct lent *heads;
static struct lent *lent; // in a collection: where those are that are in use
static size_t lent_count;
static struct rt_gc_head nobodys; // all who have no other share this one

bool
rt_gc_heads_reserve(size_t room)
{
    // If they are in use there are new ones, and the old go in the end.
    struct lent *more =
        realloc(lent != heads ? heads : NULL, room * sizeof(*more));
    if (more != NULL) {
        heads = more;
    }
    return more != NULL;
}

struct rt_gc_head *
rt_gc_heads_at(size_t i)
{
    return &heads[i].head;
}

void
rt_gc_heads_take_back(void)
{
    if (lent != heads) {
        free(lent);
    }
    lent = NULL;
    lent_count = 0;
}

struct rt_gc_head *
rt_gc_head_of(struct rt_object *object)
{
    return rt_gc_is(object, RT_GC_IN_LIST)
               ? &lent[rt_gc_number_of(object)].head
               : &nobodys;
}

struct rt_object *
rt_gc_object_of(struct rt_gc_head *head)
{
    return ((struct lent *)head)->to;
}

void
rt_gc_enlist(struct rt_object *object, struct rt_gc_head *list)
{
    if (rt_gc_is(object, RT_GC_IN_LIST)) {
        rt_gc_list_move(rt_gc_head_of(object), list);
        return;
    }
    rt_gc_untrack(object);
    if (lent == NULL) {
        lent = heads;
    }
    lent[lent_count] = (struct lent){.to = object};
    rt_gc_list_append(list, &lent[lent_count].head);
    rt_gc_put(object, RT_GC_IN_LIST, lent_count);
    lent_count++;
}
