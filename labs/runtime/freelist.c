#include "labs/runtime/freelist.h"

#include <assert.h>
#include <stdbool.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/trace.h"

/* What a block holds while it waits. */
struct rt_free_item {
    struct rt_free_item *next;
    const struct rt_freelist *mark; // the list that it waits in
};

void
rt_freelist_init(struct rt_freelist *list, size_t block_bytes, size_t limit)
{
    assert(block_bytes >= RT_FREELIST_MIN_BYTES);
    *list = (struct rt_freelist){
        .block_bytes = block_bytes,
        .limit = limit,
    };
}

/* Whether the block waits in the list. A block in use has its owner's bytes
 * where the mark would be, which may look like one by chance; so the mark
 * alone is no proof, but it spares nearly everybody the walk. */
static bool
is_waiting(const struct rt_freelist *list, const struct rt_free_item *block)
{
    if (block->mark != list) {
        return false;
    }
    const struct rt_free_item *item = list->first;
    while (item != NULL && item != block) {
        item = item->next;
    }
    return item != NULL;
}

static struct rt_free_item *
pop(struct rt_freelist *list)
{
    struct rt_free_item *item = list->first;
    list->first = item->next;
    list->count--;
    item->mark = NULL;
    return item;
}

void *
rt_freelist_take(struct rt_freelist *list)
{
    if (list->first == NULL) {
        void *block = rt_alloc(list->block_bytes);
        return block != NULL ? block : rt_error_no_memory();
    }
    void *block = pop(list);
    list->reused++;
    rt_trace_new_reference(block);
    return block;
}

int
rt_freelist_give(struct rt_freelist *list, void *block)
{
    struct rt_free_item *item = block;
    if (item == NULL) {
        return 0;
    }
    if (is_waiting(list, item)) {
        return rt_error_set(RT_ERROR_RUNTIME, "block was given back twice");
    }
    if (list->count >= list->limit) {
        rt_free(block);
        return 0;
    }
    item->next = list->first;
    item->mark = list;
    list->first = item;
    list->count++;
    return 0;
}

void
rt_freelist_clear(struct rt_freelist *list)
{
    while (list->first != NULL) {
        rt_free(pop(list));
    }
}
