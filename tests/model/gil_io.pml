/* The hand-over of the GIL as labs/runtime/gil_io.c does it, for spin.
 *
 * COMPUTING threads hold the lock until there is a request; OUTSIDE ones drop
 * it of their own accord and come back from outside. A sleep with a deadline
 * may end at any time, one without only by a wake-up. Each access to memory is
 * a step of its own, in one order for all.
 *
 *   never two holders        the assertion in note_taken()
 *   no wake-up is lost       no state without a way on: a holder that nobody
 *                            asks, or a sleeper that nobody wakes, is one
 *   who comes from outside   is_served: the last thread, alone in coming from
 *   is served                outside, gets the lock whenever it wants it;
 *                            one_is_served: of several, one of them does */
#ifndef COMPUTING
#define COMPUTING 2
#endif
#ifndef OUTSIDE
#define OUTSIDE 1
#endif
#define THREADS (COMPUTING + OUTSIDE)
#define NOBODY  7
#define COMES_BACK (_pid >= COMPUTING)

mtype = { FREE, HELD, RESERVED };

mtype word = FREE;
byte outside, asleep;
bool drop_request;
byte last_holder = NOBODY;
bool sleeping[THREADS];
bool changed[THREADS];   /* the lock has changed hands since it was cleared */
byte holder = NOBODY;    /* for the claims */
bool wants[THREADS];

/* The kernel: sleeps only if the word is still the same. */
inline futex_wait(seen) {
    atomic {
        if
        :: word == seen -> sleeping[_pid] = true
        :: else
        fi
    };
    atomic {
        if
        :: !sleeping[_pid] -> late = false
        :: sleeping[_pid] && !COMES_BACK ->
            sleeping[_pid] = false;
            late = true
        fi
    }
}

/* Wakes one: of those from outside if only_outside, else of the computing if
 * only_computing, else any. */
inline futex_wake(only_outside, only_computing) {
    atomic {
        if
        :: sleeping[0] && (COMPUTING > 0 -> !only_outside : !only_computing) ->
            sleeping[0] = false
        :: sleeping[1] && (COMPUTING > 1 -> !only_outside : !only_computing) ->
            sleeping[1] = false
        :: sleeping[2] && (COMPUTING > 2 -> !only_outside : !only_computing) ->
            sleeping[2] = false
        :: else
        fi
    }
}

inline try_take() {
    seen = word;
    mine = (seen == FREE);
    if
    :: seen == RESERVED && COMES_BACK -> mine = true
    :: seen == RESERVED && !COMES_BACK ->
        mine = (outside == 0);
        if
        :: mine -> mine = (last_holder != _pid)
        :: else
        fi
    :: else
    fi;
    if
    :: mine ->
        atomic {
            if
            :: word == seen -> word = HELD
            :: else -> mine = false
            fi
        }
    :: else
    fi
}

inline note_taken() {
    assert(holder == NOBODY);
    holder = _pid;
    wants[_pid] = false;
    if
    :: last_holder != _pid ->
        last_holder = _pid;
        atomic { changed[0] = true; changed[1] = true; changed[2] = true }
    :: else
    fi;
    if
    :: drop_request ->
        drop_request = false;
        if
        :: outside > 0 -> drop_request = true
        :: else
        fi
    :: else
    fi
}

inline wait_from_outside() {
    outside++;
    drop_request = true;
    try_take();
    do
    :: mine -> break
    :: !mine ->
        asleep++;
        futex_wait(HELD);
        asleep--;
        try_take()
    od;
    outside--
}

inline wait_interval_by_interval() {
    try_take();
    do
    :: mine -> break
    :: !mine ->
        changed[_pid] = false;
        asleep++;
        futex_wait(seen);
        asleep--;
        if
        :: late && !changed[_pid] -> drop_request = true
        :: else
        fi;
        try_take()
    od
}

inline take() {
    wants[_pid] = true;
    atomic {
        if
        :: word == FREE -> word = HELD; mine = true
        :: else -> mine = false
        fi
    };
    if
    :: mine
    :: !mine && COMES_BACK -> wait_from_outside()
    :: !mine && !COMES_BACK -> wait_interval_by_interval()
    fi;
    note_taken()
}

inline drop() {
    holder = NOBODY;
    if
    :: !drop_request ->
        word = FREE;
        if
        :: asleep > 0 -> futex_wake(false, false)
        :: else
        fi
    :: else ->
        word = RESERVED;
        mine = (outside > 0);
        futex_wake(mine, !mine)
    fi
}

active [THREADS] proctype thread() {
    mtype seen;
    bool mine, late;
    do
    :: take();
        if
        :: !COMES_BACK -> drop_request
        :: else
        fi;
        drop()
    od
}

ltl is_served { [] (wants[THREADS - 1] -> <> !wants[THREADS - 1]) }
ltl one_is_served {
    [] (outside > 0 -> <> (holder >= COMPUTING && holder != NOBODY))
}
