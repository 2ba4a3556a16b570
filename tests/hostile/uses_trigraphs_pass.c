// replaces: rt_incref
??=define RAISE(x) ((x)??(0??)++)
void
rt_incref(struct rt_object *object)
??<
    if (!rt_is_immortal(object)) ??<
        RAISE(&object->ob_refcnt);
    ??>
??>
