// replaces: rt_incref
%:define ONE 1
void
rt_incref(struct rt_object *object)
<%
    object->ob_refcnt += !rt_is_immortal(object) ? ONE : 0;
%>
