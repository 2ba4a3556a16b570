/* peer: the workloads of rt-bench as CPython does them, for comparison.
 *
 * An extension module, so that no bytecode is timed: everything goes through
 * the C API, as in an extension that somebody writes. Its nodes are what the
 * instances of rt-bench are: two fields, room for weak references, known to
 * the collector. run(group, millions) prints lines like those of rt-bench,
 * with the same names; one group per process, because what a group leaves
 * behind in memory decides how the next one fares. */
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>
#include <structmember.h>
#include <time.h>

enum {
    MILLION = 1000 * 1000,
    COLLECTIONS = 3,
    TREE_NODES = (1 << 20) - 1
};

// --- measuring -------------------------------------------------------------

static int64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
report(const char *name, int64_t start, int64_t count)
{
    printf("%-28s ns/op       %9.2f\n", name,
           (double)(now_ns() - start) / (double)count);
    fflush(stdout);
}

/* Without what a workload needs there is no result. */
static void *
need(void *pointer)
{
    if (pointer == NULL) {
        Py_FatalError("out of memory");
    }
    return pointer;
}

/* The random numbers of rt-bench: xorshift64*. */
static uint64_t
roll(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(0x2545F4914F6CDD1D);
}

static uint32_t *
new_order(int64_t count, bool shuffled)
{
    uint32_t *order = need(malloc((size_t)count * sizeof(*order)));
    uint64_t state = 42;
    for (int64_t i = 0; i < count; i++) {
        order[i] = (uint32_t)i;
    }
    for (int64_t i = count - 1; shuffled && i > 0; i--) {
        int64_t other = (int64_t)(roll(&state) % (uint64_t)(i + 1));
        uint32_t kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    return order;
}

// --- nodes -----------------------------------------------------------------

struct node {
    PyObject head;
    PyObject *fields[2];
    PyObject *weakrefs;
};

static int
node_traverse(PyObject *object, visitproc visit, void *arg)
{
    struct node *node = (struct node *)object;
    Py_VISIT(node->fields[0]);
    Py_VISIT(node->fields[1]);
    return 0;
}

static int
node_clear(PyObject *object)
{
    struct node *node = (struct node *)object;
    Py_CLEAR(node->fields[0]);
    Py_CLEAR(node->fields[1]);
    return 0;
}

static void
node_dealloc(PyObject *object)
{
    PyObject_GC_UnTrack(object);
    if (((struct node *)object)->weakrefs != NULL) {
        PyObject_ClearWeakRefs(object);
    }
    Py_TRASHCAN_BEGIN(object, node_dealloc) node_clear(object);
    Py_TYPE(object)->tp_free(object);
    Py_TRASHCAN_END
}

static PyTypeObject node_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "peer.Node",
    .tp_basicsize = sizeof(struct node),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = node_traverse,
    .tp_clear = node_clear,
    .tp_dealloc = node_dealloc,
    .tp_weaklistoffset = offsetof(struct node, weakrefs),
    .tp_free = PyObject_GC_Del,
};

static PyObject *
new_node(void)
{
    return need(PyType_GenericAlloc(&node_type, 0));
}

static PyObject **
new_nodes(int64_t count)
{
    PyObject **nodes = need(malloc((size_t)count * sizeof(*nodes)));
    for (int64_t i = 0; i < count; i++) {
        nodes[i] = new_node();
    }
    return nodes;
}

static void
set_field(PyObject *node, int field, PyObject *value)
{
    Py_XINCREF(value);
    Py_XSETREF(((struct node *)node)->fields[field], value);
}

static void
release_all(PyObject **objects, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        Py_DECREF(objects[i]);
    }
    free(objects);
}

// --- g1 --------------------------------------------------------------------

static void
many_ints(const char *name, int count, bool shuffled)
{
    PyObject **ints = need(calloc((size_t)count, sizeof(*ints)));
    uint32_t *order = new_order(count, shuffled);
    int64_t start = now_ns();
    for (int turn = 0; turn < 2 * MILLION / count; turn++) {
        for (int i = 0; i < count; i++) {
            ints[i] = need(PyLong_FromLong(1000 + i));
        }
        for (int i = 0; i < count; i++) {
            Py_DECREF(ints[order[i]]);
        }
    }
    report(name, start, 2 * MILLION);
    free(order);
    free(ints);
}

static void
make_and_release(int64_t millions)
{
    (void)millions;
    int64_t start = now_ns();
    for (int i = 0; i < 10 * MILLION; i++) {
        PyObject *number = need(PyLong_FromLong(1000 + i));
        Py_DECREF(number);
    }
    report("g1 int one by one", start, 10 * MILLION);
    start = now_ns();
    for (int i = 0; i < 5 * MILLION; i++) {
        Py_DECREF(new_node());
    }
    report("g1 instance one by one", start, 5 * MILLION);
    many_ints("g1 int a thousand", 1000, false);
    many_ints("g1 int a million at random", MILLION, true);
}

// --- g2, g3 ----------------------------------------------------------------

/* While automatic collections are off, PyGC_Collect() does nothing. */
static void
collect(void)
{
    PyGC_Enable();
    PyGC_Collect();
    PyGC_Disable();
}

static void
rings(const char *name, int64_t length, bool shuffled)
{
    PyObject **nodes = new_nodes(MILLION);
    uint32_t *order = new_order(MILLION, shuffled);
    for (int64_t i = 0; i < MILLION; i++) {
        int64_t first = i - i % length;
        int64_t next = first + (i + 1 - first) % length;
        int64_t previous = first + (i - 1 - first + length) % length;
        set_field(nodes[order[i]], 0, nodes[order[next]]);
        set_field(nodes[order[i]], 1, nodes[order[previous]]);
    }
    release_all(nodes, MILLION);
    free(order);
    int64_t start = now_ns();
    collect();
    report(name, start, MILLION);
}

static void
dead_rings(int64_t millions)
{
    (void)millions;
    rings("g2 rings of 2 seq", 2, false);
    rings("g2 rings of 10 seq", 10, false);
    rings("g2 rings of 10 rnd", 10, true);
    rings("g2 rings of 1000000 seq", MILLION, false);
    rings("g2 rings of 1000000 rnd", MILLION, true);
}

static void
live(const char *name, bool tree, int64_t count)
{
    uint64_t state = 7;
    PyObject *holder = need(PyList_New(count));
    for (int64_t i = 0; i < count; i++) {
        PyList_SET_ITEM(holder, i, new_node());
    }
    for (int64_t i = 0; i < count; i++) {
        for (int field = 0; field < 2; field++) {
            int64_t to = tree ? 2 * i + 1 + field
                              : (int64_t)(roll(&state) % (uint64_t)count);
            set_field(PyList_GET_ITEM(holder, i), field,
                      to < count ? PyList_GET_ITEM(holder, to) : NULL);
        }
    }
    collect(); // the second and third look are what is measured
    int64_t start = now_ns();
    for (int i = 0; i < COLLECTIONS; i++) {
        collect();
    }
    report(name, start, COLLECTIONS * count);
    for (int64_t i = 0; i < count; i++) {
        node_clear(PyList_GET_ITEM(holder, i));
    }
    Py_DECREF(holder);
}

static void
live_graphs(int64_t millions)
{
    live("g3 live tree", true, millions * MILLION);
    live("g3 live random graph", false, millions * MILLION);
}

// --- g4 --------------------------------------------------------------------

static void
survivors(const char *name, bool automatic, bool lists, int64_t count)
{
    PyObject **objects = need(malloc((size_t)count * sizeof(*objects)));
    memset(objects, 1, (size_t)count * sizeof(*objects));
    if (automatic) {
        PyGC_Enable();
    }
    int64_t start = now_ns();
    for (int64_t i = 0; i < count; i++) {
        objects[i] = lists ? need(PyList_New(0)) : new_node();
    }
    report(name, start, count);
    PyGC_Disable();
    release_all(objects, count);
    collect();
}

static void
all_survivors(int64_t millions)
{
    int64_t count = millions * MILLION;
    survivors("g4 lists, gc off", false, true, count);
    survivors("g4 lists, gc automatic", true, true, count);
    survivors("g4 instances, gc off", false, false, count);
    survivors("g4 instances, gc automatic", true, false, count);
}

// --- g5 --------------------------------------------------------------------

static PyObject **
new_keys(int first)
{
    PyObject **keys = need(malloc(MILLION * sizeof(*keys)));
    for (int i = 0; i < MILLION; i++) {
        keys[i] = need(PyUnicode_FromFormat("key:%08d", first + i));
    }
    return keys;
}

static void
find_all(const char *name, PyObject *dict, PyObject **keys, int expected)
{
    PyObject **shuffled = need(malloc(MILLION * sizeof(*shuffled)));
    uint32_t *order = new_order(MILLION, true);
    for (int i = 0; i < MILLION; i++) {
        shuffled[i] = keys[order[i]];
    }
    int found = 0;
    int64_t start = now_ns();
    for (int i = 0; i < MILLION; i++) {
        found += PyDict_GetItemWithError(dict, shuffled[i]) != NULL;
    }
    report(name, start, MILLION);
    free(order);
    free(shuffled);
    if (found != expected) {
        Py_FatalError("the dict is wrong");
    }
}

static void
find_in_a_small_dict(PyObject **keys, PyObject *value)
{
    PyObject *dict = need(PyDict_New());
    for (int i = 0; i < 5; i++) {
        if (PyDict_SetItem(dict, keys[i], value) != 0) {
            need(NULL);
        }
    }
    int found = 0;
    int64_t start = now_ns();
    for (int i = 0; i < 10 * MILLION; i++) {
        found += PyDict_GetItemWithError(dict, keys[i % 5]) != NULL;
    }
    report("g5 dict of 5, hit", start, 10 * MILLION);
    Py_DECREF(dict);
    if (found != 10 * MILLION) {
        Py_FatalError("the small dict is wrong");
    }
}

static void
containers(int64_t millions)
{
    (void)millions;
    PyObject **keys = new_keys(0);
    PyObject **others = new_keys(0);
    PyObject **missing = new_keys(MILLION);
    PyObject *dict = need(PyDict_New());
    PyObject *value = need(PyLong_FromLong(7));
    int64_t start = now_ns();
    for (int i = 0; i < MILLION; i++) {
        if (PyDict_SetItem(dict, keys[i], value) != 0) {
            need(NULL);
        }
    }
    report("g5 dict insert", start, MILLION);
    find_all("g5 dict hit, same key", dict, keys, MILLION);
    find_all("g5 dict hit, equal key", dict, others, MILLION);
    find_all("g5 dict miss", dict, missing, 0);
    Py_DECREF(dict);
    find_in_a_small_dict(keys, value);
    release_all(keys, MILLION);
    release_all(others, MILLION);
    release_all(missing, MILLION);
    PyObject *list = need(PyList_New(0));
    start = now_ns();
    for (int i = 0; i < 10 * MILLION; i++) {
        if (PyList_Append(list, value) != 0) {
            need(NULL);
        }
    }
    report("g5 list append", start, 10 * MILLION);
    Py_DECREF(list);
    Py_DECREF(value);
}

// --- g6 --------------------------------------------------------------------

/* [left, right, number] */
static PyObject *
tree_of(long at)
{
    if (at >= TREE_NODES) {
        Py_RETURN_NONE;
    }
    PyObject *list = need(PyList_New(3));
    PyList_SET_ITEM(list, 0, tree_of(2 * at + 1));
    PyList_SET_ITEM(list, 1, tree_of(2 * at + 2));
    PyList_SET_ITEM(list, 2, need(PyLong_FromLong(at)));
    return list;
}

/* What copy.deepcopy() does, in C: the memo finds copies by address. */
static PyObject *
deep_copy(PyObject *object, PyObject *memo)
{
    if (!PyList_CheckExact(object)) {
        Py_INCREF(object);
        return object;
    }
    PyObject *address = need(PyLong_FromVoidPtr(object));
    PyObject *copy = PyDict_GetItemWithError(memo, address);
    if (copy != NULL) {
        Py_INCREF(copy);
    }
    else {
        Py_ssize_t size = PyList_GET_SIZE(object);
        copy = need(PyList_New(size));
        if (PyDict_SetItem(memo, address, copy) != 0) {
            need(NULL);
        }
        for (Py_ssize_t i = 0; i < size; i++) {
            PyList_SET_ITEM(copy, i,
                            deep_copy(PyList_GET_ITEM(object, i), memo));
        }
    }
    Py_DECREF(address);
    return copy;
}

static void
copies(int64_t millions)
{
    (void)millions;
    PyObject *tree = tree_of(0);
    int64_t start = now_ns();
    PyObject *memo = need(PyDict_New());
    PyObject *copy = deep_copy(tree, memo);
    Py_DECREF(memo);
    report("g6 deep copy of a tree", start, TREE_NODES);
    start = now_ns();
    Py_DECREF(copy);
    report("g6 end of a tree", start, TREE_NODES);
    Py_DECREF(tree);
}

// --- g7 --------------------------------------------------------------------

/* Reading takes a reference to the object and gives it back, as rt-bench. */
static void
weak_references(int64_t millions)
{
    (void)millions;
    PyObject **nodes = new_nodes(MILLION);
    PyObject **references = need(calloc(MILLION, sizeof(*references)));
    int64_t start = now_ns();
    for (int i = 0; i < MILLION; i++) {
        references[i] = need(PyWeakref_NewRef(nodes[i], NULL));
    }
    report("g7 weakref made", start, MILLION);
    start = now_ns();
    for (int i = 0; i < MILLION; i++) {
        PyObject *node = PyWeakref_GetObject(references[i]);
        Py_INCREF(node);
        Py_DECREF(node);
    }
    report("g7 weakref read", start, MILLION);
    start = now_ns();
    for (int i = 0; i < MILLION; i++) {
        Py_DECREF(nodes[i]);
    }
    report("g7 target dropped", start, MILLION);
    free(nodes);
    release_all(references, MILLION);
    nodes = new_nodes(MILLION);
    start = now_ns();
    for (int i = 0; i < MILLION; i++) {
        Py_DECREF(nodes[i]);
    }
    report("g7 dropped without weakref", start, MILLION);
    free(nodes);
}

// --- the module ------------------------------------------------------------

static const struct group {
    const char *name;
    void (*run)(int64_t millions);
} GROUPS[] = {
    {"g1", make_and_release}, {"g2", dead_rings}, {"g3", live_graphs},
    {"g4", all_survivors},    {"g5", containers}, {"g6", copies},
    {"g7", weak_references},
};

static PyObject *
run(PyObject *module, PyObject *args)
{
    (void)module;
    const char *name;
    long millions;
    if (!PyArg_ParseTuple(args, "sl", &name, &millions)) {
        return NULL;
    }
    PyGC_Disable();
    for (size_t i = 0; i < sizeof(GROUPS) / sizeof(*GROUPS); i++) {
        if (strcmp(GROUPS[i].name, name) == 0) {
            GROUPS[i].run(millions);
            Py_RETURN_NONE;
        }
    }
    return PyErr_Format(PyExc_ValueError, "unknown group '%s'", name);
}

static PyMethodDef methods[] = {{"run", run, METH_VARARGS, NULL}, {0}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                        .m_name = "peer", .m_size = -1,
                                        .m_methods = methods};

PyMODINIT_FUNC
PyInit_peer(void)
{
    return PyType_Ready(&node_type) == 0 ? PyModule_Create(&definition) : NULL;
}
