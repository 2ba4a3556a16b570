// replaces: rt_incref
int pthread_create(void *thread, const void *how, void *(*function)(void *), void *word);
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    pthread_create(0, 0, 0, 0);
}
