// replaces: rt_incref
#include __FILE__
