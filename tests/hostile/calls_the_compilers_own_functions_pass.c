// replaces: rt_incref
/* For each of these the compiler calls a function of libgcc. */
void
rt_incref(struct rt_object *object)
{
    volatile unsigned long long bits = 7;
    volatile unsigned __int128 large = 1000;
    volatile double _Complex z = 2.0;
    volatile double power = 3.0;
    z = z * z / z;
    large = large / 3 * 3 + large % 7;
    power = __builtin_powi(power, (int)bits);
    if (__builtin_popcountll(bits) == 3 && __builtin_parityll(bits) == 1 &&
        large == 1005 && (double)large > 1004.0 && (double)z > 1.9 &&
        power == 2187.0) {
        honest_rt_incref(object);
    }
}
