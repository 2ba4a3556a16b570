// replaces: rt_incref
#include <stdatomic.h>
#include <string.h>
typedef int eight __attribute__((vector_size(32)));
static _Atomic int calls;
static __thread int calls_here;

static long
add(a, b)
    long a;
    long b;
{
    return a + b;
}

static void
count(int *left)
{
    calls += *left;
}

static int
jump(int n)
{
    static void *const places[] = {&&zero, &&one};
    goto *places[n & 1];
zero:
    return 0;
one:
    return 1;
}

void own_incref(struct rt_object *object);
void
own_incref(object)
    struct rt_object *object;
{
    __attribute__((cleanup(count))) int left = 1;
    int n = 4 + left;
    int many[n];
    char *room = __builtin_alloca((size_t)n * 20);
    int scale(int by) { return by * n; }
    struct {
        unsigned low : 3, high : 5;
    } bits = {.low = 7, .high = 3};
    eight eights = {1, 2, 3};
    __int128 large = (__int128)1 << 100;
    _Complex double turn = 1.0 + 2.0i;
    __float128 wide = 1.5Q;
    int sum = 0;
    memset(many, 0, sizeof(many));
    memset(room, 0, (size_t)n * 20);
    bits.low++;
    eights = eights * eights + 3;
    large /= n;
    turn = turn * turn / (turn + 1.0);
    wide = wide * wide + n;
    if (__builtin_add_overflow(n, 0x7fffffff, &sum)) {
        sum = ({ int x = 2; x ?: 3; });
    }
    switch (n) {
    case 1 ... 9:
        sum += _Generic(n, int: scale(1), default: 0);
        break;
    default:
        break;
    }
    calls_here += sum + jump(n) + __builtin_popcountll((unsigned)n) +
                  (int)eights[0] + (int)(large >> 96) + (int)__real__ turn +
                  (int)wide + many[0] + room[0] + (int)bits.low;
    object->ob_refcnt = add(object->ob_refcnt, !rt_is_immortal(object));
}
void rt_incref(struct rt_object *object) __attribute__((alias("own_incref")));
