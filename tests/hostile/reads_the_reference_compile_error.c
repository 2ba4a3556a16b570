// alone
#include "labs/runtime/object.c"
