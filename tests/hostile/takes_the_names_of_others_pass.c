// replaces: rt_incref
/* Helpers and variables that are called like what the C library, the lab and
 * the runtime have. */
int stream, deaths, graveyard, lab_case_count, environ, optind;
int read(int n);
int free(int n);
int exit(int n);
int signal(int n);
int observe_int(int n);
int lab_random(void);
int rt_heap_push(int n);
int rt_debug_number(int n);
int read(int n) { return n + 1; }
int free(int n) { return read(n); }
int exit(int n) { return free(n); }
int signal(int n) { return exit(n); }
int observe_int(int n) { return signal(n); }
int lab_random(void) { return observe_int(1); }
int rt_heap_push(int n) { return lab_random() + n; }
int rt_debug_number(int n) { return rt_heap_push(n); }
void
rt_incref(struct rt_object *object)
{
    deaths += rt_debug_number(stream++);
    object->ob_refcnt += !rt_is_immortal(object);
}
