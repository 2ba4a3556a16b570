// replaces: rt_incref
#error [2J[1;1H]0;owned cleared
