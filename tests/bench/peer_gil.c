/* peer_gil: what a thread does to CPython's GIL, for comparison with rt-bench.
 *
 * An extension module, so that no bytecode is timed. Built and used by
 * gil_beside_python.py.
 *
 *   pairs(count)          lets go of the GIL and takes it, again and again;
 *                         nanoseconds for each pair
 *   takes(count, rest)    the same with a rest, in microseconds, in between;
 *                         microseconds that each taking took, as a list
 *   answer(line, count)   sends back each byte that comes from a descriptor
 *   ask(line, count)      the other end: sends a byte, waits for it, rests
 *                         500 microseconds; how many each byte took, a list */
#include <Python.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

enum {
    REST_US = 500
};

static int64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static PyObject *
us_since(int64_t start)
{
    return PyFloat_FromDouble((double)(now_ns() - start) / 1e3);
}

static PyObject *
pairs(PyObject *module, PyObject *argument)
{
    (void)module;
    long count = PyLong_AsLong(argument);
    int64_t start = now_ns();
    for (long i = 0; i < count; i++) {
        PyEval_RestoreThread(PyEval_SaveThread());
    }
    return PyFloat_FromDouble((double)(now_ns() - start) / (double)count);
}

static PyObject *
takes(PyObject *module, PyObject *arguments)
{
    (void)module;
    long count;
    int rest;
    if (!PyArg_ParseTuple(arguments, "li", &count, &rest)) {
        return NULL;
    }
    PyObject *list = PyList_New(count);
    for (long i = 0; list != NULL && i < count; i++) {
        PyThreadState *state = PyEval_SaveThread();
        usleep((useconds_t)rest);
        int64_t start = now_ns();
        PyEval_RestoreThread(state);
        PyList_SET_ITEM(list, i, us_since(start));
    }
    return list;
}

/* As socket.recv() and socket.send() do it. */
static ssize_t
move(ssize_t (*call)(int line, char *byte), int line, char *byte)
{
    PyThreadState *state = PyEval_SaveThread();
    ssize_t moved = call(line, byte);
    PyEval_RestoreThread(state);
    return moved;
}

static ssize_t
read_byte(int line, char *byte)
{
    return read(line, byte, 1);
}

static ssize_t
write_byte(int line, char *byte)
{
    return write(line, byte, 1);
}

static PyObject *
answer(PyObject *module, PyObject *arguments)
{
    (void)module;
    int line;
    long count;
    char byte = '-';
    if (!PyArg_ParseTuple(arguments, "il", &line, &count)) {
        return NULL;
    }
    for (long i = 0; i < count; i++) {
        if (move(read_byte, line, &byte) != 1 ||
            move(write_byte, line, &byte) != 1) {
            return PyErr_Format(PyExc_OSError, "the echo broke off");
        }
    }
    Py_RETURN_NONE;
}

static PyObject *
ask(PyObject *module, PyObject *arguments)
{
    (void)module;
    int line;
    long count;
    char byte = 'x';
    if (!PyArg_ParseTuple(arguments, "il", &line, &count)) {
        return NULL;
    }
    PyObject *list = PyList_New(count);
    for (long i = 0; list != NULL && i < count; i++) {
        int64_t start = now_ns();
        if (write(line, &byte, 1) != 1 || read(line, &byte, 1) != 1) {
            return PyErr_Format(PyExc_OSError, "the echo broke off");
        }
        PyList_SET_ITEM(list, i, us_since(start));
        usleep(REST_US);
    }
    return list;
}

static PyMethodDef methods[] = {{"pairs", pairs, METH_O, NULL},
                                {"takes", takes, METH_VARARGS, NULL},
                                {"answer", answer, METH_VARARGS, NULL},
                                {"ask", ask, METH_VARARGS, NULL},
                                {0}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                        .m_name = "peer_gil", .m_size = -1,
                                        .m_methods = methods};

PyMODINIT_FUNC
PyInit_peer_gil(void)
{
    return PyModule_Create(&definition);
}
