/* Wrong on purpose: there is memory for the table, but not for what goes into
 * it, and the empty table is kept. */
#include <stddef.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/intern.h"
#include "labs/runtime/string.h"

struct rt_object *
rt_intern_small_int(int64_t value)
{
    static struct rt_int cache[RT_SMALL_INT_MAX - RT_SMALL_INT_MIN + 1];
    if (value < RT_SMALL_INT_MIN || value > RT_SMALL_INT_MAX)
        return NULL;
    struct rt_int *i = &cache[value - RT_SMALL_INT_MIN];
    if (i->base.ob_refcnt == 0) {
        rt_int_init(i, value);
        rt_set_immortal(&i->base);
    }
    return &i->base;
}

struct node {
    struct node *next;
    struct rt_str *s;
};
static struct node **cells;
static size_t size, count;

static struct node **
cell(struct rt_str *s)
{
    int64_t h;
    rt_hash(&s->base, &h);
    return &cells[(uint64_t)h % size];
}

static void
grow(void)
{
    size_t old = size, n = size ? size * 2 : 8;
    struct node **was = cells, **now = rt_alloc(n * sizeof *now);
    if (!now)
        return;
    memset(now, 0, n * sizeof *now);
    cells = now;
    size = n;
    for (size_t i = 0; i < old; i++)
        for (struct node *x = was[i], *next; x; x = next) {
            next = x->next;
            struct node **c = cell(x->s);
            x->next = *c;
            *c = x;
        }
    rt_free(was);
}

void
rt_str_intern(struct rt_object **slot)
{
    struct rt_str *s = (struct rt_str *)*slot;
    if (s->is_interned)
        return;
    for (struct node *x = size ? *cell(s) : NULL; x; x = x->next)
        if (x->s->length == s->length &&
            memcmp(x->s->text, s->text, s->length) == 0) {
            rt_set_ref(slot, rt_new_ref(&x->s->base));
            return;
        }
    if (count >= size)
        grow();
    struct node *x = size ? rt_alloc(sizeof *x) : NULL;
    if (!x) {
        return;
    }
    struct node **c = cell(s);
    x->s = s;
    x->next = *c;
    *c = x;
    count++;
    s->is_interned = true;
}

void
rt_intern_forget(struct rt_str *string)
{
    for (struct node **x = cell(string); *x; x = &(*x)->next)
        if ((*x)->s == string) {
            struct node *gone = *x;
            *x = gone->next;
            rt_free(gone);
            if (--count == 0) {
                rt_free(cells);
                cells = NULL;
                size = 0;
            }
            return;
        }
}
