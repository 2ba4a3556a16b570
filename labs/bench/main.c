/* rt-bench: what the runtime costs, in nanoseconds of processor time.
 *
 *   rt-bench [--millions N] [GROUP]...
 *       g1 to g7, e1 to e7, t1, t2; all without one. N, 1 to 8, is how
 * many million objects live in g3 and survive in g4
 *
 *   rt-bench --echo PORT
 *       a server that sends back what it gets, for a client that measures;
 * says "ready PORT" when it listens. 0: any port
 *
 * Medians of several rounds, a line each: group and workload, unit, value.
 * Objects are plain instances with two fields and room for weak references
 * unless said otherwise. Building is not timed unless that is the point.
 *
 *   g1  make and release: ints one by one, a thousand, a million at random;
 *       instances one by one
 *   g2  one full collection of a million dead objects in rings of L, whose
 *       members are neighbours in memory (seq) or anywhere (rnd)
 *   g3  one full collection of live objects, a tree or a random graph
 *   g4  a million objects that survive, without and with automatic
 *       collections
 *   g5  a dict of a million str keys, made one after the other: inserted when
 *       their hashes are not known yet; found in any order by the same
 *       objects, by equal ones whose hashes are not known, by others that are
 *       absent; five keys in the cache; a list of ten million items
 *   g6  a deep copy of a tree of lists, and its end
 *   g7  weak references to a million objects: made, read, cleared
 *
 *   e1  callbacks of the event loop, one in each turn or ten thousand
 *   e2  tasks that go once around the loop, again and again
 *   e3  a hundred thousand timers in 50 ms; as many that are cancelled
 *   e4  two tasks that wake each other through futures
 *   e5  a queue between two tasks, with room for 64 items or for one
 *   e6  messages of 64 bytes to and fro between streams of one loop
 *   e7  a gather of a hundred thousand coroutines
 *
 *   t1  the GIL by both rules, time of the clock: two threads that share the
 *       work of one; release and take; taking it beside a thread that computes
 *   t2  a byte sent to and fro beside threads that compute */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/bench/echo.h"
#include "labs/bench/loop.h"
#include "labs/bench/measure.h"
#include "labs/bench/threads.h"
#include "labs/runtime/alloc.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/string.h"
#include "labs/runtime/weakref.h"

enum {
    MOST_MILLIONS = 8,
    MOST_PORT = 65535
};

static struct rt_class class;
static struct rt_object *objects[MOST_MILLIONS * MILLION]; // of a workload
static uint32_t order[MILLION];  // a random one, always the same
static int population = MILLION; // of g3 and g4

// --- objects ---------------------------------------------------------------

static void
shuffle(void)
{
    uint64_t state = 42;
    for (uint32_t i = 0; i < MILLION; i++) {
        order[i] = i;
    }
    for (uint32_t i = MILLION - 1; i > 0; i--) {
        uint32_t other = (uint32_t)(roll(&state) % (i + 1));
        uint32_t kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}

static void
make_instances(int count)
{
    for (int i = 0; i < count; i++) {
        objects[i] = need(rt_instance_new(&class));
    }
}

static void
release_all(int count)
{
    for (int i = 0; i < count; i++) {
        rt_clear(&objects[i]);
    }
}

// --- g1 --------------------------------------------------------------------

static void
one_by_one(void)
{
    double ints[ROUNDS];
    double instances[ROUNDS];
    // As in any program that does something besides, there are others.
    struct rt_object *other_int = need(rt_int_new(1000));
    struct rt_object *other_instance = need(rt_instance_new(&class));
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = now_ns();
        for (int i = 0; i < 10 * MILLION; i++) {
            rt_decref(need(rt_int_new(1000 + i)));
        }
        ints[round] = (double)(now_ns() - start) / (10 * MILLION);
        start = now_ns();
        for (int i = 0; i < 5 * MILLION; i++) {
            rt_decref(need(rt_instance_new(&class)));
        }
        instances[round] = (double)(now_ns() - start) / (5 * MILLION);
    }
    rt_decref(other_int);
    rt_decref(other_instance);
    report("g1 int one by one", "object", ints);
    report("g1 instance one by one", "object", instances);
}

static void
many_ints(const char *name, int count, bool shuffled)
{
    double rounds[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = now_ns();
        for (int turn = 0; turn < 2 * MILLION / count; turn++) {
            for (int i = 0; i < count; i++) {
                objects[i] = need(rt_int_new(1000 + i));
            }
            for (int i = 0; i < count; i++) {
                rt_decref(objects[shuffled ? order[i] : (uint32_t)i]);
            }
        }
        rounds[round] = (double)(now_ns() - start) / (2 * MILLION);
    }
    memset(objects, 0, (size_t)count * sizeof(struct rt_object *));
    report(name, "object", rounds);
}

static void
make_and_release(void)
{
    one_by_one();
    many_ints("g1 int a thousand", 1000, false);
    many_ints("g1 int a million at random", MILLION, true);
}

// --- g2, g3 ----------------------------------------------------------------

static double
collect_ns(int count)
{
    int64_t start = now_ns();
    rt_gc_collect(2);
    return (double)(now_ns() - start) / count;
}

static void
rings(int length, bool shuffled)
{
    double rounds[ROUNDS];
    char name[64];
    for (int round = 0; round < ROUNDS; round++) {
        make_instances(MILLION);
        for (int i = 0; i < MILLION; i++) {
            int first = i - i % length;
            int next = first + (i + 1 - first) % length;
            int previous = first + (i - 1 - first + length) % length;
            struct rt_object *one = objects[shuffled ? order[i] : (uint32_t)i];
            rt_instance_set(one, 0,
                            objects[shuffled ? order[next] : (uint32_t)next]);
            rt_instance_set(
                one, 1,
                objects[shuffled ? order[previous] : (uint32_t)previous]);
        }
        release_all(MILLION);
        rounds[round] = collect_ns(MILLION);
    }
    snprintf(name, sizeof(name), "g2 rings of %d %s", length,
             shuffled ? "rnd" : "seq");
    report(name, "object", rounds);
}

static void
dead_rings(void)
{
    rings(2, false);
    rings(10, false);
    rings(10, true);
    rings(MILLION, false);
    rings(MILLION, true);
}

static void
live(const char *name, bool tree)
{
    double rounds[ROUNDS];
    uint64_t state = 7;
    struct rt_object *holder = need(rt_list_new());
    int count = population;
    make_instances(count);
    for (int i = 0; i < count; i++) {
        int left = tree ? 2 * i + 1 : (int)(roll(&state) % (uint64_t)count);
        int right = tree ? 2 * i + 2 : (int)(roll(&state) % (uint64_t)count);
        rt_instance_set(objects[i], 0, left < count ? objects[left] : NULL);
        rt_instance_set(objects[i], 1, right < count ? objects[right] : NULL);
        if (rt_list_append(holder, objects[i]) != 0) {
            need(NULL);
        }
    }
    release_all(count);
    for (int round = 0; round < ROUNDS; round++) {
        rounds[round] = collect_ns(count);
    }
    rt_decref(holder);
    rt_gc_collect(2);
    report(name, "object", rounds);
}

static void
live_graphs(void)
{
    live("g3 live tree", true);
    live("g3 live random graph", false);
}

// --- g4 --------------------------------------------------------------------

static void
survivors(const char *name, bool automatic, bool lists)
{
    double rounds[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        if (automatic) {
            rt_gc_enable();
        }
        int64_t start = now_ns();
        for (int i = 0; i < population; i++) {
            objects[i] = need(lists ? rt_list_new() : rt_instance_new(&class));
        }
        rounds[round] = (double)(now_ns() - start) / population;
        rt_gc_disable();
        release_all(population);
        rt_gc_collect(2);
    }
    report(name, "object", rounds);
}

static void
all_survivors(void)
{
    survivors("g4 lists, gc off", false, true);
    survivors("g4 lists, gc automatic", true, true);
    survivors("g4 instances, gc off", false, false);
    survivors("g4 instances, gc automatic", true, false);
}

// --- g5 --------------------------------------------------------------------

static struct rt_object *
key(int number)
{
    char text[32];
    snprintf(text, sizeof(text), "key:%08d", number);
    return need(rt_str_new(text));
}

/* Makes a million keys from this number on. */
static void
make_keys(struct rt_object **keys, int first)
{
    for (int i = 0; i < MILLION; i++) {
        keys[i] = key(first + i);
    }
}

/* Finds all keys, which come in any order; expected are there. The keys are
 * put in that order first: a look at the list of them is not what is timed. */
static double
find_all(struct rt_object *dict, struct rt_object *const *keys, int expected)
{
    static struct rt_object *shuffled[MILLION];
    int found = 0;
    for (int i = 0; i < MILLION; i++) {
        shuffled[i] = keys[order[i]];
    }
    int64_t start = now_ns();
    for (int i = 0; i < MILLION; i++) {
        found += rt_dict_get(dict, shuffled[i]) != NULL;
    }
    double ns = (double)(now_ns() - start) / MILLION;
    if (found != expected) {
        fputs("rt-bench: the dict is wrong\n", stderr);
        exit(70);
    }
    return ns;
}

static double
insert_all(struct rt_object *dict, struct rt_object *const *keys,
           struct rt_object *value)
{
    int64_t start = now_ns();
    for (int i = 0; i < MILLION; i++) {
        if (rt_dict_set(dict, keys[i], value) != 0) {
            need(NULL);
        }
    }
    return (double)(now_ns() - start) / MILLION;
}

/* Five keys, ten million times. */
static double
find_in_a_small_dict(struct rt_object *const *keys, struct rt_object *value)
{
    struct rt_object *dict = need(rt_dict_new());
    int found = 0;
    for (int i = 0; i < 5; i++) {
        rt_dict_set(dict, keys[i], value);
    }
    int64_t start = now_ns();
    for (int i = 0; i < 10 * MILLION; i++) {
        found += rt_dict_get(dict, keys[i % 5]) != NULL;
    }
    double ns = (double)(now_ns() - start) / (10 * MILLION);
    if (found != 10 * MILLION) {
        fputs("rt-bench: the small dict is wrong\n", stderr);
        exit(70);
    }
    rt_decref(dict);
    return ns;
}

static void
dicts(void)
{
    static struct rt_object *others[MILLION];
    static struct rt_object *absent[MILLION];
    double insert[ROUNDS];
    double same[ROUNDS];
    double equal[ROUNDS];
    double miss[ROUNDS];
    double small[ROUNDS];
    struct rt_object *value = need(rt_int_new(7));
    for (int round = 0; round < ROUNDS; round++) {
        struct rt_object *dict = need(rt_dict_new());
        make_keys(objects, 0);
        make_keys(others, 0);
        make_keys(absent, MILLION);
        insert[round] = insert_all(dict, objects, value);
        same[round] = find_all(dict, objects, MILLION);
        equal[round] = find_all(dict, others, MILLION);
        miss[round] = find_all(dict, absent, 0);
        small[round] = find_in_a_small_dict(objects, value);
        rt_decref(dict);
        release_all(MILLION);
        for (int i = 0; i < MILLION; i++) {
            rt_clear(&others[i]);
            rt_clear(&absent[i]);
        }
    }
    rt_decref(value);
    report("g5 dict insert", "op", insert);
    report("g5 dict hit, same key", "op", same);
    report("g5 dict hit, equal key", "op", equal);
    report("g5 dict miss", "op", miss);
    report("g5 dict of 5, hit", "op", small);
}

static void
appends(void)
{
    double rounds[ROUNDS];
    struct rt_object *value = need(rt_int_new(7));
    for (int round = 0; round < ROUNDS; round++) {
        struct rt_object *list = need(rt_list_new());
        int64_t start = now_ns();
        for (int i = 0; i < 10 * MILLION; i++) {
            if (rt_list_append(list, value) != 0) {
                need(NULL);
            }
        }
        rounds[round] = (double)(now_ns() - start) / (10 * MILLION);
        rt_decref(list);
    }
    rt_decref(value);
    report("g5 list append", "op", rounds);
}

static void
containers(void)
{
    dicts();
    appends();
}

// --- g6 --------------------------------------------------------------------

enum {
    TREE_NODES = (1 << 20) - 1
};

/* [left, right, number] */
static struct rt_object *
tree_of(int at)
{
    if (at >= TREE_NODES) {
        return NULL;
    }
    struct rt_object *parts[] = {tree_of(2 * at + 1), tree_of(2 * at + 2),
                                 need(rt_int_new(at))};
    struct rt_object *list = need(rt_list_new());
    for (int i = 0; i < 3; i++) {
        if (rt_list_append(list, parts[i]) != 0) {
            need(NULL);
        }
        rt_xdecref(parts[i]);
    }
    return list;
}

static void
copies(void)
{
    double copying[ROUNDS];
    double ending[ROUNDS];
    struct rt_object *tree = tree_of(0);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = now_ns();
        struct rt_object *copy = need(rt_deepcopy(tree));
        copying[round] = (double)(now_ns() - start) / TREE_NODES;
        start = now_ns();
        rt_decref(copy);
        ending[round] = (double)(now_ns() - start) / TREE_NODES;
    }
    rt_decref(tree);
    report("g6 deep copy of a tree", "node", copying);
    report("g6 end of a tree", "node", ending);
}

// --- g7 --------------------------------------------------------------------

static void
weak_references(void)
{
    static struct rt_object *references[MILLION];
    double making[ROUNDS];
    double reading[ROUNDS];
    double dropping[ROUNDS];
    double alone[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        make_instances(MILLION);
        int64_t start = now_ns();
        for (int i = 0; i < MILLION; i++) {
            references[i] = need(rt_weakref_new(objects[i], NULL));
        }
        making[round] = (double)(now_ns() - start) / MILLION;
        start = now_ns();
        for (int i = 0; i < MILLION; i++) {
            rt_decref(need(rt_weakref_get(references[i])));
        }
        reading[round] = (double)(now_ns() - start) / MILLION;
        start = now_ns();
        release_all(MILLION);
        dropping[round] = (double)(now_ns() - start) / MILLION;
        for (int i = 0; i < MILLION; i++) {
            rt_clear(&references[i]);
        }
        make_instances(MILLION);
        start = now_ns();
        release_all(MILLION);
        alone[round] = (double)(now_ns() - start) / MILLION;
    }
    report("g7 weakref made", "op", making);
    report("g7 weakref read", "op", reading);
    report("g7 target dropped", "op", dropping);
    report("g7 dropped without weakref", "op", alone);
}

// --- the groups ------------------------------------------------------------

static const struct group {
    const char *name;
    void (*run)(void);
} GROUPS[] = {
    {"g1", make_and_release},     {"g2", dead_rings},
    {"g3", live_graphs},          {"g4", all_survivors},
    {"g5", containers},           {"g6", copies},
    {"g7", weak_references},      {"e1", bench_callbacks},
    {"e2", bench_switches},       {"e3", bench_timers},
    {"e4", bench_futures},        {"e5", bench_queues},
    {"e6", bench_hops},           {"e7", bench_gather},
    {"t1", bench_gil_throughput}, {"t2", bench_gil_latency},
};

enum {
    GROUP_COUNT = sizeof(GROUPS) / sizeof(*GROUPS)
};

static int
run_group(const char *name)
{
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        if (strcmp(GROUPS[i].name, name) == 0) {
            GROUPS[i].run();
            return 0;
        }
    }
    fprintf(stderr, "rt-bench: unknown group '%s'\n", name);
    return 2;
}

static int
set_population(const char *millions)
{
    if (millions[0] < '1' || millions[0] > '0' + MOST_MILLIONS ||
        millions[1] != '\0') {
        fprintf(stderr, "rt-bench: not a number from 1 to %d: '%s'\n",
                MOST_MILLIONS, millions);
        return 2;
    }
    population = (millions[0] - '0') * MILLION;
    return 0;
}

static int
serve_echo(const char *text)
{
    char *end = NULL;
    long port = strtol(text, &end, 10);
    if (end == text || *end != '\0' || port < 0 || port > MOST_PORT) {
        fprintf(stderr, "rt-bench: not a port from 0 to %d: '%s'\n", MOST_PORT,
                text);
        return 2;
    }
    return bench_echo_server((int)port);
}

int
main(int argc, char **argv)
{
    static const char *const FIELDS[] = {"a", "b"};
    int status = 0;
    rt_alloc_set(&rt_allocator_heap);
    rt_class_init(&class, "node", FIELDS, 2, NULL);
    rt_gc_disable();
    if (argc == 3 && strcmp(argv[1], "--echo") == 0) {
        return serve_echo(argv[2]);
    }
    shuffle();
    int first = 1;
    if (argc > 2 && strcmp(argv[1], "--millions") == 0) {
        status = set_population(argv[2]);
        first = 3;
    }
    for (int i = first; i < argc && status == 0; i++) {
        status = run_group(argv[i]);
    }
    for (size_t i = 0; argc == first && status == 0 && i < GROUP_COUNT; i++) {
        GROUPS[i].run();
    }
    return status;
}
