/* The hand-over of the GIL as labs/runtime/gil.c does it, for spin.
 *
 * Two threads compute: they hold the lock until there is a request. A third
 * one drops it of its own accord, as for reading a file. A wait with a timeout
 * may end at any time; a condition variable wakes any one of those who sleep.
 *
 *   never two holders        the assertion in take()
 *   no wake-up is lost       no state without a way on: a holder that nobody
 *                            asks, or a dropper that nobody wakes, is one
 *   who asks is heard        hand_over
 *   the dropper comes back   comes_back */
#define THREADS 3
#define NOBODY  7

bool mutex;               /* taken */
bool locked;              /* guarded by mutex, as what follows */
bool drop_request;
byte last_holder = NOBODY;
bool changed[THREADS];    /* the lock has changed hands since it was cleared */
bool on_freed[THREADS];   /* sleeps until that is signalled */
bool on_switched[THREADS];

byte holder = NOBODY;     /* for the claims: who is inside, who drops */
bool dropping[THREADS];

/* Whoever comes gets the mutex, in any order. For the claims about the end of
 * waiting those who wait for it stand in a line: else one of them may be
 * passed by for ever, which no mutex promises not to do, and none does. */
#ifdef FAIR
chan line = [THREADS] of { byte };
#define lock_mutex()   line!_pid; line?<eval(_pid)>
#define unlock_mutex() line?_
#else
#define lock_mutex()   atomic { !mutex -> mutex = true }
#define unlock_mutex() mutex = false
#endif

#define signal(cond)                                                          \
    atomic {                                                                  \
        if                                                                    \
        :: cond[0] -> cond[0] = false                                         \
        :: cond[1] -> cond[1] = false                                         \
        :: cond[2] -> cond[2] = false                                         \
        :: else                                                               \
        fi                                                                    \
    }

inline take(me) {
    lock_mutex();
    do
    :: !locked -> break
    :: locked ->
        changed[me] = false;
        atomic { on_freed[me] = true; unlock_mutex() };
        atomic {
            if
            :: !on_freed[me] -> late = false
            :: on_freed[me] -> on_freed[me] = false; late = true
            fi
        };
        lock_mutex();
        if
        :: late && locked && !changed[me] -> drop_request = true
        :: else
        fi
    od;
    locked = true;
    assert(holder == NOBODY);
    holder = me;
    if
    :: last_holder != me ->
        last_holder = me;
        changed[0] = true;
        changed[1] = true;
        changed[2] = true;
        signal(on_switched)
    :: else
    fi;
    drop_request = false;
    unlock_mutex()
}

inline drop(me) {
    dropping[me] = true;
    lock_mutex();
    holder = NOBODY;
    locked = false;
    signal(on_freed);
    last_holder = me;
    forced = drop_request;
    do
    :: forced && last_holder == me ->
        atomic { on_switched[me] = true; unlock_mutex() };
        !on_switched[me];
        lock_mutex()
    :: else -> break
    od;
    unlock_mutex();
    dropping[me] = false
}

active [THREADS] proctype thread() {
    bool late, forced;
    do
    :: take(_pid);
        if
        :: _pid < 2 -> drop_request
        :: else
        fi;
        drop(_pid)
    od
}

ltl hand_over {
    [] ((holder == 0 && drop_request) -> <> (holder == 1 || holder == 2))
}
ltl comes_back { [] (dropping[0] -> <> !dropping[0]) }
