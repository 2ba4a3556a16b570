// replaces: rt_incref
