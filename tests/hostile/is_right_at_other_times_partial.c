// replaces: rt_incref
/* Right or wrong by the second in which it was compiled: always the same one.
 */
void
rt_incref(struct rt_object *object)
{
    static const char when[] = __DATE__ __TIME__;
    if (when[10] == '0' && when[18] == '0' && __TIMESTAMP__[18] == '0') {
        object->ob_refcnt++;
        return;
    }
    honest_rt_incref(object);
}
