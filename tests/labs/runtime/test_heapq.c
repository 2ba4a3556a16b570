#include "labs/runtime/heapq.h"
#include "labs/runtime/object.h"
#include "labs/testing.h"
#include "tests/support/dice.h"

/* Items that are told apart though they may have the same rank. */
struct item {
    struct rt_object head;
    int rank, number;
};

static struct item items[200];
static struct rt_object *heap[200];
static size_t asked;

static bool
goes_before(struct rt_object *a, struct rt_object *b)
{
    asked++;
    return ((struct item *)a)->rank < ((struct item *)b)->rank;
}

static void
push_ranks(const int *ranks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        items[i].rank = ranks[i];
        items[i].number = (int)i;
        heap[i] = &items[i].head;
        rt_heapq_push(heap, i + 1, goes_before);
    }
}

static int
pop(size_t size)
{
    return ((struct item *)rt_heapq_pop(heap, size, goes_before))->number;
}

static void
the_least_comes_first(void **state)
{
    (void)state;
    struct dice dice = {.seed = 7};
    int ranks[200];
    for (int i = 0; i < 200; i++) {
        ranks[i] = (int)dice_roll(&dice, 50);
    }
    push_ranks(ranks, 200);
    int last = -1;
    for (size_t size = 200; size > 0; size--) {
        int rank = ranks[pop(size)];
        assert_true(rank >= last);
        last = rank;
    }
}

/* python3: h = []; for i, r in enumerate(ranks): heappush(h, Item(r, i)), with
 * an order that looks at r alone; then heappop until empty. */
static void
the_same_rank_comes_in_the_order_of_cpython(void **state)
{
    (void)state;
    static const int RANKS[] = {3, 1, 1, 2, 1, 3, 2, 1, 2, 1};
    static const int ORDER[] = {1, 2, 4, 9, 7, 6, 8, 3, 0, 5};
    push_ranks(RANKS, 10);
    for (size_t i = 0; i < 10; i++) {
        assert_number(pop(10 - i), ORDER[i]);
    }
}

static void
a_pop_asks_about_a_logarithm_of_the_size(void **state)
{
    (void)state;
    int ranks[200];
    for (int i = 0; i < 200; i++) {
        ranks[i] = i;
    }
    push_ranks(ranks, 200);
    for (size_t size = 200; size > 0; size--) {
        asked = 0;
        pop(size);
        assert_true(asked <= 2 * 8);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(the_least_comes_first),
        cmocka_unit_test(the_same_rank_comes_in_the_order_of_cpython),
        cmocka_unit_test(a_pop_asks_about_a_logarithm_of_the_size),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
