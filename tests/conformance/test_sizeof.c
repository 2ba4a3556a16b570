/* The runtime's sizes beside sys.getsizeof() of the python3 at hand. */
#include <stdio.h>
#include <stdlib.h>

#include "labs/runtime/bytearray.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/object.h"
#include "labs/runtime/odict.h"
#include "labs/runtime/set.h"
#include "labs/runtime/sizeof.h"
#include "labs/runtime/string.h"
#include "labs/runtime/tuple.h"
#include "labs/testing.h"

/* First its minor version, then a line for each count: the sizes of what is
 * made below, in the same order. */
static const char SCRIPT[] =
    "import sys, collections\n"
    "size = sys.getsizeof\n"
    "print(sys.version_info[1])\n"
    "for n in range(0, 300):\n"
    "    items = []\n"
    "    for i in range(n): items.append(i)\n"
    "    array = bytearray()\n"
    "    for i in range(n): array.append(1)\n"
    "    ints, texts, keys = {}, {}, set()\n"
    "    links = collections.OrderedDict()\n"
    "    for i in range(n):\n"
    "        ints[i] = texts[str(i)] = links[i] = i\n"
    "        keys.add(i)\n"
    "    print(size((1 << n % 63) - 1), size('a' * n), size('\\u00ff' * n),\n"
    "          size('\\u0436' * n), size('\\U0001f600' * n),\n"
    "          size(bytes(n)), size(array), size(items), size(tuple(items)),\n"
    "          size(ints), size(texts), size(links), size(keys))\n";

/* The next number that python3 has printed, -1 at the end. */
static long
next_number(FILE *python)
{
    long number = -1;
    return fscanf(python, "%ld", &number) == 1 ? number : -1;
}

/* Steals object. */
static void
check(FILE *python, struct rt_object *object, int minor, size_t n)
{
    long expected = next_number(python);
    size_t size = rt_sizeof_in(object, minor);
    if ((long)size != expected) {
        print_error("%s of %zu\n", object->ob_type->name, n);
    }
    assert_number(size, expected);
    rt_decref(object);
}

static struct rt_object *
repeated(const char *character, size_t n)
{
    size_t width = strlen(character);
    char *text = malloc(n * width + 1);
    assert_non_null(text);
    for (size_t i = 0; i < n; i++) {
        memcpy(text + i * width, character, width);
    }
    struct rt_object *string = rt_str_from(text, n * width);
    free(text);
    return string;
}

static void
check_containers(FILE *python, int minor, size_t n)
{
    struct rt_object *items = rt_list_new();
    struct rt_object *ints = rt_dict_new();
    struct rt_object *texts = rt_dict_new();
    struct rt_object *links = rt_odict_new();
    struct rt_object *keys = rt_set_new();
    struct rt_object *array = rt_bytearray_new(NULL, 0);
    for (size_t i = 0; i < n; i++) {
        char digits[24];
        snprintf(digits, sizeof(digits), "%zu", i);
        struct rt_object *number = rt_int_new((int64_t)i);
        struct rt_object *text = rt_str_new(digits);
        assert_number(rt_list_append(items, number), 0);
        assert_number(rt_dict_set(ints, number, number), 0);
        assert_number(rt_dict_set(texts, text, number), 0);
        assert_number(rt_odict_set(links, number, number), 0);
        assert_number(rt_set_add(keys, number), 1);
        assert_number(rt_bytearray_extend(array, "\1", 1), 0);
        rt_decref(number);
        rt_decref(text);
    }
    struct rt_object *tuple =
        rt_tuple_new(((struct rt_list *)items)->items, n);
    struct rt_object *const made[] = {array, items, tuple, ints,
                                      texts, links, keys};
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
        check(python, made[i], minor, n);
    }
}

static void
sizes_are_those_that_python_says(void **state)
{
    (void)state;
    char command[sizeof(SCRIPT) + 64];
    snprintf(command, sizeof(command), "python3 -c \"%s\" 2>/dev/null",
             SCRIPT);
    FILE *python = popen(command, "r");
    assert_non_null(python);
    int minor = (int)next_number(python);
    if (minor < 11 || minor > 13) {
        pclose(python);
        skip(); // none, or one that nobody has looked at
    }
    for (size_t n = 0; n < 300; n++) {
        int64_t bits = (int64_t)((UINT64_C(1) << n % 63) - 1);
        check(python, rt_int_new(bits), minor, n);
        check(python, repeated("a", n), minor, n);
        check(python, repeated("\u00ff", n), minor, n);
        check(python, repeated("\u0436", n), minor, n);
        check(python, repeated("\U0001f600", n), minor, n);
        char *zeros = calloc(n + 1, 1);
        assert_non_null(zeros);
        check(python, rt_bytes_new(zeros, n), minor, n);
        free(zeros);
        check_containers(python, minor, n);
    }
    assert_number(pclose(python), 0);
    rt_gc_collect(2);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(sizes_are_those_that_python_says),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
