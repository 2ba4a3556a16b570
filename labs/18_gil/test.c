/* Lab 18: the lock of the runtime, and how threads pass it on.
 *
 * All cases but the last three are played on a stage (labs/stage.h): threads
 * move when the case says so, and the clock stands still unless it is put
 * forward. So "more than an interval later" is exact, and a schedule on which
 * a mistake shows is not waited for but made. What a right solution may do
 * either way, above all who of several threads comes first, is not looked at.
 * The last three cases have real threads, and real time. In this file the
 * threads are called A to D; what they are called where it is seen, the dice
 * say. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "labs/runtime/error.h"
#include "labs/runtime/gil.h"
#include "labs/runtime/safe_point.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_state.h"
#include "labs/stage.h"
#include "labs/testing.h"

enum {
    MOST_PERSONS = 4,
    JUNK = 1 // in each byte: a boolean may hold nothing else
};

/* What somebody was told to do last. */
enum deed {
    NOTHING,
    TAKE,
    DROP,
    PASS_ON, // drop and take again
    VISIT    // take and drop
};

struct person {
    struct stage_actor *actor;
    enum deed deed;
    int error; // errno after taking
};

static struct rt_gil gil;
static struct person persons[MOST_PERSONS];
static struct person *const a = &persons[0];
static struct person *const b = &persons[1];
static struct person *const c = &persons[2];
static struct person *const d = &persons[3];
static struct stage_actor *reader; // asks for the figures
static struct rt_gil_stats figures;

// --- what people do --------------------------------------------------------

static void
take(void *data)
{
    struct person *person = data;
    errno = (int)lab_number(0);
    rt_gil_take(&gil, person);
    person->error = errno;
}

static void
drop(void *data)
{
    rt_gil_drop(&gil, data);
}

static void
drop_for_good(void *data)
{
    (void)data;
    rt_gil_drop(&gil, NULL);
}

static void
pass_on(void *data)
{
    drop(data);
    take(data);
}

static void
visit(void *data)
{
    take(data);
    drop(data);
}

static void
read_figures(void *data)
{
    (void)data;
    figures = rt_gil_stats(&gil);
}

static void
tell(struct person *person, enum deed deed)
{
    static void (*const DEEDS[])(void *) = {
        [TAKE] = take, [DROP] = drop, [PASS_ON] = pass_on, [VISIT] = visit};
    person->deed = deed;
    stage_tell(person->actor, DEEDS[deed], person);
}

/* Tells them and lets them alone move until they are done or asleep. */
static void
let(struct person *person, enum deed deed)
{
    tell(person, deed);
    stage_move(person->actor);
}

static void
let_end(struct person *person)
{
    person->deed = DROP;
    stage_tell(person->actor, drop_for_good, NULL);
    stage_move(person->actor);
}

static void
new_lock(void)
{
    memset(&gil, JUNK, sizeof(gil));
    gil.last_holder = a; // in the life of the lock that was here before
    rt_gil_init(&gil);
}

static char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* Gives each person a letter, no two the same. */
static void
deal_letters(void)
{
    for (int i = 0; i < MOST_PERSONS; i++) {
        int64_t other = lab_random_between(i, (int)sizeof(letters) - 2);
        char letter = letters[i];
        letters[i] = letters[other];
        letters[other] = letter;
    }
}

static void
begin(void)
{
    deal_letters();
    stage_open((void (*)(void))rt_gil_take);
    for (int i = 0; i < MOST_PERSONS; i++) {
        persons[i].actor = stage_enter();
    }
    reader = stage_enter();
    new_lock();
}

// --- what is seen ----------------------------------------------------------

static bool
has_returned(const struct person *person)
{
    return stage_has_returned(person->actor);
}

static bool
has_it(const struct person *person)
{
    return has_returned(person) &&
           (person->deed == TAKE || person->deed == PASS_ON);
}

/* Where somebody is, in the words of the lesson. */
static const char *
where(const struct person *person)
{
    if (has_returned(person) && stage_mutexes(person->actor) > 0) {
        return "has left the mutex locked";
    }
    if (has_it(person)) {
        return "has the lock";
    }
    if (has_returned(person)) {
        return "has come back from dropping it";
    }
    if (stage_sleeps(person->actor)) {
        return person->deed == DROP ? "sleeps in rt_gil_drop" : "waits for it";
    }
    const char *place = stage_where(person->actor);
    return strcmp(place, "on its way") == 0 ? "goes round in circles" : place;
}

static void
observe_misuse(void)
{
    if (stage_misuse() != NULL) {
        observe_string("nobody does what nobody may", stage_misuse());
    }
}

/* The words of the case, with the letters that the dice say. */
static const char *
in_letters(const char *words)
{
    static char text[160];
    char before = ' ';
    snprintf(text, sizeof(text), "%s", words);
    for (char *at = text; *at != '\0'; at++) {
        bool is_letter = *at >= 'A' && *at < 'A' + MOST_PERSONS &&
                         before == ' ' && strchr(" ,:", at[1]) != NULL;
        before = *at;
        *at = is_letter ? letters[*at - 'A'] : *at;
    }
    return text;
}

/* Where each is who has been told anything. */
static void
observe_all(const char *what)
{
    char text[200] = "";
    for (int i = 0; i < MOST_PERSONS; i++) {
        if (persons[i].deed != NOTHING) {
            size_t used = strlen(text);
            snprintf(text + used, sizeof(text) - used, "%s%c %s",
                     used > 0 ? ", " : "", letters[i], where(&persons[i]));
        }
    }
    observe_string(in_letters(what), text);
    observe_misuse();
}

/* Where one is while others have not moved yet, whose place says nothing. */
static void
observe_one(const char *what, const struct person *person)
{
    observe_string(in_letters(what), where(person));
}

/* How many there are of each kind: who of them is nobody's business. */
static void
observe_how_many(const char *what)
{
    int holders = 0;
    int sleepers = 0;
    int others = 0;
    for (int i = 0; i < MOST_PERSONS; i++) {
        if (persons[i].deed != NOTHING) {
            bool sleeps = stage_sleeps(persons[i].actor);
            holders += has_it(&persons[i]);
            sleepers += sleeps;
            others += !sleeps && !has_it(&persons[i]);
        }
    }
    observe_event(in_letters(what), "%d has the lock, %d wait, %d else",
                  holders, sleepers, others);
}

static void
observe_request(const char *what)
{
    char name[120];
    snprintf(name, sizeof(name), "%s: is the drop requested",
             in_letters(what));
    observe_bool(name, rt_gil_drop_requested(&gil));
}

static void
observe_figures(const char *what)
{
    stage_tell(reader, read_figures, NULL);
    stage_settle();
    observe_event(in_letters(what),
                  "%d hand-overs, %d waits, the longest %d us",
                  (int)figures.hand_overs, (int)figures.waits,
                  (int)(figures.longest_wait_ns / 1000));
    observe_misuse();
}

// --- the lock itself -------------------------------------------------------

static void
a_new_lock_is_free(void **state)
{
    (void)state;
    begin();
    observe_request("a new lock");
    observe_int("interval in us", rt_gil_interval_us(&gil));
    observe_figures("a new lock");
}

static void
what_was_made_is_destroyed(void **state)
{
    (void)state;
    begin();
    rt_gil_destroy(&gil);
    observe_int("a new lock, made and not destroyed", stage_made_count());
    new_lock();
    let(a, TAKE);
    let(b, TAKE);
    let(a, DROP);
    stage_settle();
    let(b, DROP);
    rt_gil_destroy(&gil);
    observe_int("a used lock, made and not destroyed", stage_made_count());
}

static void
observe_interval(int64_t interval_us)
{
    char name[60];
    snprintf(name, sizeof(name), "interval %lld", (long long)interval_us);
    observe_int(name, rt_gil_set_interval_us(&gil, interval_us));
    observe_string("pending error",
                   rt_error_occurred() ? rt_error_text() : NULL);
    observe_bool("it is a value error", rt_error_occurred() == RT_ERROR_VALUE);
    rt_error_clear();
    observe_int("interval read back", rt_gil_interval_us(&gil));
}

static void
the_interval_is_positive(void **state)
{
    (void)state;
    begin();
    observe_interval(50);
    observe_interval(0);
    observe_interval(-1);
    observe_interval(1);
    observe_interval(INT64_MIN);
    observe_interval(INT64_MAX);
    observe_interval(lab_random_between(2, 1000000));
}

static void
a_free_lock_is_taken_at_once(void **state)
{
    (void)state;
    begin();
    let(a, TAKE);
    observe_all("A takes a free lock");
    let(a, DROP);
    observe_all("A drops it");
    let(a, TAKE);
    observe_all("A takes it again");
    let_end(a);
    observe_all("A ends");
    let(b, TAKE);
    observe_all("B takes it");
    let(b, DROP);
    observe_all("B drops it");
    observe_request("nobody has ever waited");
}

/* Somebody takes it, is counted, and drops it. */
static void
observe_visit(char name)
{
    char text[40];
    struct person *person = &persons[name - 'A'];
    let(person, TAKE);
    snprintf(text, sizeof(text), "%c has taken it", name);
    observe_figures(text);
    let(person, DROP);
}

static void
hand_overs_are_counted(void **state)
{
    static const char ORDER[] = "AABABBCA";
    (void)state;
    begin();
    for (const char *name = ORDER; *name != '\0'; name++) {
        observe_visit(*name);
    }
    for (int i = 0; i < 12; i++) {
        observe_visit((char)lab_random_between('A', 'D'));
    }
    let(a, TAKE);
    let_end(a);
    let(a, TAKE);
    observe_figures("A, after its own end");
}

static void
who_finds_it_taken_waits(void **state)
{
    (void)state;
    begin();
    let(a, TAKE);
    let(b, TAKE);
    observe_all("A has it, B wants it");
    let(a, DROP);
    stage_settle();
    observe_all("A has dropped it");
    let(a, TAKE);
    let(c, TAKE);
    observe_how_many("B has it, A and C want it");
    let(b, DROP);
    stage_settle();
    observe_how_many("B has dropped it");
}

static void
a_wake_up_without_a_reason_changes_nothing(void **state)
{
    (void)state;
    begin();
    let(a, TAKE);
    let(b, TAKE);
    for (int i = 0; i < 3; i++) {
        stage_wake(b->actor);
        stage_settle();
        observe_all("B was woken for no reason");
    }
    let(a, DROP);
    stage_settle();
    observe_all("A has dropped it");
}

static void
errno_survives(void **state)
{
    (void)state;
    begin();
    let(a, TAKE);
    observe_int("errno before", lab_number(0));
    observe_int("and after, the lock was free", a->error);
    let(b, TAKE);
    stage_pass_us(3 * RT_GIL_INTERVAL_US);
    let(a, DROP);
    stage_settle();
    observe_int("and after, it had to wait", b->error);
}

// --- requests --------------------------------------------------------------

/* A has the lock, and B wants it. */
static void
begin_with_b_waiting(int64_t interval_us)
{
    begin();
    rt_gil_set_interval_us(&gil, interval_us);
    let(a, TAKE);
    let(b, TAKE);
}

static void
who_waits_makes_a_request_after_the_interval(void **state)
{
    (void)state;
    begin_with_b_waiting(5000);
    observe_request("B has begun to wait");
    stage_pass_us(4900);
    observe_request("4900 us later");
    stage_pass_us(200);
    observe_request("5100 us later");
    observe_all("5100 us later");
    stage_pass_us(20000);
    observe_request("25100 us later");
    observe_all("25100 us later");
}

static void
only_time_is_a_reason_to_ask(void **state)
{
    (void)state;
    begin_with_b_waiting(5000);
    stage_pass_us(2000);
    for (int i = 0; i < 3; i++) {
        stage_wake(b->actor);
        stage_settle();
        observe_request("B was woken for no reason");
    }
}

static void
the_interval_may_be_any(void **state)
{
    static const int64_t INTERVALS[] = {50, 20000, 1500000, 7000000};
    (void)state;
    begin();
    for (size_t i = 0; i < sizeof(INTERVALS) / sizeof(*INTERVALS); i++) {
        char name[80];
        int64_t tenth = INTERVALS[i] / 10;
        new_lock();
        rt_gil_set_interval_us(&gil, INTERVALS[i]);
        let(a, TAKE);
        let(b, TAKE);
        stage_pass_us(INTERVALS[i] - tenth);
        snprintf(name, sizeof(name), "interval %d us, a tenth less",
                 (int)INTERVALS[i]);
        observe_request(name);
        stage_pass_us(2 * tenth);
        snprintf(name, sizeof(name), "interval %d us, a tenth more",
                 (int)INTERVALS[i]);
        observe_request(name);
        let_end(a);
        stage_settle();
        let_end(b);
    }
    observe_all("all have dropped it");
    new_lock();
    rt_gil_set_interval_us(&gil, INT64_MAX);
    let(a, TAKE);
    let(b, TAKE);
    stage_pass_us(INT64_C(86400) * 1000 * 1000);
    observe_request("the longest interval of all, a day later");
    observe_all("the longest interval of all, a day later");
}

static void
one_of_the_right_kind_is_woken(void **state)
{
    (void)state;
    begin_with_b_waiting(5000);
    let(c, TAKE);
    let(d, TAKE);
    stage_pass_us(6000);
    let(a, DROP);
    stage_settle();
    observe_how_many("B, C and D want it, A drops it on request");
}

static void
the_taker_takes_the_request_back(void **state)
{
    (void)state;
    begin_with_b_waiting(5000);
    stage_pass_us(6000);
    observe_request("B has waited 6000 us");
    let(a, DROP);
    stage_settle();
    observe_request("A has dropped it, B has it");
    let(c, TAKE);
    stage_pass_us(4000);
    observe_request("C has waited 4000 us");
}

static void
only_the_holder_takes_the_request_back(void **state)
{
    (void)state;
    begin_with_b_waiting(5000);
    stage_pass_us(6000);
    let(c, TAKE);
    observe_request("B has waited 6000 us, C has only come");
    let_end(a);
    let(a, TAKE);
    if (!has_it(a)) {
        stage_settle(); // B or C was faster
    }
    observe_request("A has ended, another A or B or C has it");
}

static void
a_hand_over_begins_the_wait_anew(void **state)
{
    (void)state;
    begin_with_b_waiting(5000);
    stage_pass_us(3000);
    let(c, TAKE);
    stage_pass_us(1000);
    // B is woken; D comes along before B moves, and may be faster.
    let(a, DROP);
    tell(d, TAKE);
    stage_move(d->actor);
    stage_settle();
    observe_how_many("after 4000 us A drops it, D has come too");
    stage_pass_us(900);
    observe_request("900 us after the hand-over");
    stage_pass_us(3600);
    observe_request("4500 us after the hand-over");
    // B's new round has begun with the hand-over, when it was woken in vain,
    // or 1000 us later, when the interval was over in which it happened.
    stage_pass_us(1600);
    observe_request("6100 us after the hand-over");
    observe_how_many("6100 us after the hand-over");
}

/* A, C and A again, while B sleeps for one interval and is not woken. */
static void
a_lock_that_comes_back_has_changed_hands(void **state)
{
    (void)state;
    begin();
    let(a, TAKE);
    let(c, TAKE);
    let(d, TAKE);
    stage_pass_us(1000);
    let(b, TAKE);
    stage_pass_us(3000);
    let(a, DROP);
    stage_move(c->actor);
    let(c, DROP);
    let(a, TAKE);
    stage_settle();
    stage_pass_us(2100);
    observe_request("A dropped it, C too, A came back; 2100 us later");
    stage_pass_us(5000);
    observe_request("A dropped it, C too, A came back; 7100 us later");
}

// --- the forced hand-over --------------------------------------------------

static void
without_a_request_the_dropper_does_not_wait(void **state)
{
    (void)state;
    begin_with_b_waiting(5000);
    let(a, DROP);
    observe_one("A drops it after a moment, B has not moved yet: A", a);
    stage_settle();
    observe_all("B has moved, too");
    let(b, DROP);
    observe_all("B drops it, nobody wants it");
}

static void
on_request_it_goes_to_another(void **state)
{
    (void)state;
    begin_with_b_waiting(5000);
    stage_pass_us(6000);
    // Whether A sleeps in the drop or in the take does not matter.
    let(a, PASS_ON);
    observe_one("B made a request, A drops and takes, B has not moved: A", a);
    stage_settle();
    observe_all("B has moved, too");
    let(b, DROP);
    stage_settle();
    observe_all("B has dropped it");
    let(b, TAKE);
    stage_pass_us(6000);
    let(a, DROP);
    stage_settle();
    observe_all("B made a request, A drops, all have moved");
}

static void
a_dropper_sleeps_on_after_a_wake_up_without_a_reason(void **state)
{
    (void)state;
    begin_with_b_waiting(5000);
    stage_pass_us(6000);
    let(a, PASS_ON);
    for (int i = 0; i < 3; i++) {
        // B is to get it, and has not been let.
        stage_wake(a->actor);
        stage_move(a->actor);
        observe_one("A, woken for no reason before B has moved", a);
    }
    stage_put_clock_forward_us(3 * RT_GIL_INTERVAL_US);
    stage_move(a->actor);
    observe_one("A, three intervals later, before B has moved", a);
    stage_settle();
    observe_all("B has moved, too");
}

static void
the_other_may_have_dropped_it_again(void **state)
{
    (void)state;
    begin();
    let(a, TAKE);
    let(b, VISIT);
    stage_pass_us(2 * RT_GIL_INTERVAL_US);
    let(a, DROP);
    stage_move(b->actor);
    observe_bool("B has taken it and dropped it again", has_returned(b));
    stage_move(a->actor);
    observe_all("only then A wakes up");

    new_lock();
    let(a, TAKE);
    let(b, TAKE);
    stage_pass_us(2 * RT_GIL_INTERVAL_US);
    let(a, DROP);
    stage_move(b->actor);
    let(c, TAKE);
    stage_put_clock_forward_us(2 * RT_GIL_INTERVAL_US);
    stage_move(c->actor);
    observe_request("B has it, C has waited two intervals");
    stage_move(a->actor);
    observe_all("only then A wakes up, with the next request made");
}

static void
a_thread_that_ends_waits_for_nobody(void **state)
{
    (void)state;
    begin_with_b_waiting(5000);
    stage_pass_us(6000);
    let_end(a);
    observe_one("B has made a request, A ends, B has not moved yet: A", a);
    stage_settle();
    observe_all("B has moved, too");
    observe_request("B has moved, too");
}

/* Who has the lock, or NULL. */
static struct person *
holder(void)
{
    for (int i = 0; i < MOST_PERSONS; i++) {
        if (has_it(&persons[i])) {
            return &persons[i];
        }
    }
    return NULL;
}

static void
several_pass_it_on(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < MOST_PERSONS; i++) {
        let(&persons[i], TAKE);
    }
    for (int64_t i = lab_random_between(8, 40); i > 0; i--) {
        stage_pass_us(2 * RT_GIL_INTERVAL_US + 100);
        observe_request("two intervals later");
        struct person *before = holder();
        if (before == NULL) {
            break;
        }
        let(before, PASS_ON);
        stage_settle();
        observe_how_many("the holder has passed it on");
        observe_that("another one has it now", holder() != before);
    }
    observe_how_many("in the end");
}

static void
waits_are_measured(void **state)
{
    (void)state;
    begin();
    let(a, TAKE);
    stage_pass_us(7000);
    let(b, TAKE);
    stage_pass_us(3000);
    let(a, DROP);
    stage_settle();
    observe_figures("B has waited 3000 us");
    let(c, TAKE);
    stage_pass_us(1000);
    let(b, DROP);
    stage_settle();
    observe_figures("C has waited 1000 us");
    let(a, TAKE);
    stage_pass_us(17000);
    let(c, DROP);
    stage_settle();
    observe_figures("A has waited 17000 us");
    let(a, DROP);
    let(a, TAKE);
    observe_figures("A has taken it without waiting");
    for (int i = 0; i < 4; i++) {
        let(b, TAKE);
        stage_pass_us(lab_random_between(1, 90000));
        let(a, DROP);
        stage_settle();
        let(b, DROP);
        let(a, TAKE);
    }
    observe_figures("B has waited four times");
}

static void
the_figures_are_read_under_the_mutex(void **state)
{
    (void)state;
    begin();
    let(a, TAKE);
    let(a, DROP);
    tell(b, TAKE);
    for (int i = 0; i < 12 && stage_mutexes(b->actor) == 0; i++) {
        stage_move_to_point(b->actor, 1);
    }
    bool b_changes_them = stage_mutexes(b->actor) > 0 && !has_returned(b);
    stage_tell(reader, read_figures, NULL);
    stage_move(reader);
    observe_bool("somebody has read them while B had the mutex locked",
                 b_changes_them && stage_has_returned(reader));
    stage_settle();
    observe_figures("B has taken it");
}

// --- schedules -------------------------------------------------------------

enum order {
    B_THEN_A,        // to their points; and from there on, too
    B_THEN_A_THEN_B, // to their points, and then B goes on first
    A_THEN_B_THEN_A, // to their points, and then A goes on first
    ORDERS
};

/* A drops the lock up to one point, and B wants it up to another. Returns
 * whether both can go on from there, without any time passing. */
static bool
meet(int points_of_a, int points_of_b, enum order order, bool *further)
{
    new_lock();
    let(a, TAKE);
    if (order == A_THEN_B_THEN_A) {
        tell(a, DROP);
        stage_move_to_point(a->actor, points_of_a);
    }
    tell(b, TAKE);
    stage_move_to_point(b->actor, points_of_b);
    bool b_stands = strcmp(stage_where(b->actor), "on its way") == 0;
    if (order != A_THEN_B_THEN_A) {
        tell(a, DROP);
        stage_move_to_point(a->actor, points_of_a);
    }
    *further = b_stands || !has_returned(a);
    stage_move(order == B_THEN_A_THEN_B ? b->actor : a->actor);
    stage_settle();
    if (!has_returned(a) || !has_returned(b)) {
        return false;
    }
    let(b, DROP);
    return has_returned(b);
}

static void
no_wake_up_is_lost(void **state)
{
    enum {
        MOST_POINTS = 12,
        OF_A = MOST_POINTS * ORDERS
    };
    (void)state;
    char lost[160] = "";
    begin();
    for (int i = 0; i < MOST_POINTS * OF_A && lost[0] == '\0'; i++) {
        bool further = false;
        int of_a = i / ORDERS % MOST_POINTS;
        int of_b = i / OF_A;
        if (!meet(of_a, of_b, (enum order)(i % ORDERS), &further)) {
            snprintf(lost, sizeof(lost),
                     "A was stopped at step %d of rt_gil_drop, B at step %d "
                     "of rt_gil_take; then A %s, B %s",
                     of_a, of_b, where(a), where(b));
        }
        else if (!further) {
            i += OF_A - 1 - i % OF_A;
        }
    }
    observe_string("who sleeps beside a free lock", lost[0] ? lost : NULL);
    observe_all("at the end");
}

/* The same with a request, and B may have dropped it before A goes on. */
static void
no_hand_over_is_missed(void **state)
{
    (void)state;
    char missed[160] = "";
    begin();
    for (int points = 0; points < 12 && missed[0] == '\0'; points++) {
        new_lock();
        let(a, TAKE);
        let(b, VISIT);
        stage_pass_us(2 * RT_GIL_INTERVAL_US);
        tell(a, DROP);
        stage_move_to_point(a->actor, points);
        stage_move(b->actor);
        stage_settle();
        if (!has_returned(a) || !has_returned(b)) {
            snprintf(missed, sizeof(missed),
                     "A was stopped at step %d of rt_gil_drop while B took "
                     "and dropped it; then A %s",
                     points, where(a));
        }
    }
    for (int points = 0; points < 12 && missed[0] == '\0'; points++) {
        new_lock();
        let(a, TAKE);
        let(b, VISIT);
        stage_pass_us(2 * RT_GIL_INTERVAL_US);
        let(a, DROP);
        stage_move_to_point(b->actor, points);
        stage_move(a->actor);
        stage_settle();
        if (!has_returned(a) || !has_returned(b)) {
            snprintf(missed, sizeof(missed),
                     "A slept in rt_gil_drop, B was stopped at step %d of "
                     "taking it while A looked; then A %s",
                     points, where(a));
        }
    }
    observe_string("who never comes back", missed[0] ? missed : NULL);
    observe_all("at the end");
}

static int rounds; // that a person computes, and all have begun
static int64_t begun;
static int inside; // how many are between taking and dropping
static bool crowded, kept;
static const struct person *last; // to have the lock

static void
enter(struct person *person, bool after_request)
{
    take(person);
    kept |= after_request && last == person;
    inside++;
    crowded |= inside != 1;
    last = person;
    stage_pause();
}

static void
leave(struct person *person)
{
    crowded |= inside != 1;
    inside--;
    drop(person);
}

/* Computes for a while, as a thread of the runtime does. */
static void
compute(void *data)
{
    struct person *person = data;
    for (int i = 0; i < rounds; i++) {
        begun++;
        enter(person, false);
        for (int j = 0; j < 4; j++) {
            stage_pause();
            if (rt_gil_drop_requested(&gil)) {
                leave(person);
                enter(person, true);
            }
        }
        leave(person);
        stage_pause();
    }
}

static bool
all_have_returned(void)
{
    bool all = true;
    for (int i = 0; i < MOST_PERSONS; i++) {
        all &= has_returned(&persons[i]);
    }
    return all;
}

static void
play_at_random(uint64_t dice)
{
    rounds = 3 + (int)(dice >> 32 & 3);
    new_lock();
    rt_gil_set_interval_us(&gil, 1000);
    for (int i = 0; i < MOST_PERSONS; i++) {
        persons[i].deed = VISIT;
        stage_tell(persons[i].actor, compute, &persons[i]);
    }
    for (int i = 0; i < 400 && !all_have_returned(); i++) {
        stage_move_at_random(dice + (uint64_t)i * 7919, 6);
        stage_put_clock_forward_us(400);
    }
    for (int i = 0; i < 300 && !all_have_returned(); i++) {
        stage_pass_us(2000);
    }
}

static void
any_schedule_will_do(void **state)
{
    (void)state;
    begin();
    crowded = kept = false;
    for (int i = 0; i < 12; i++) {
        play_at_random(lab_random());
        if (!all_have_returned() || crowded || kept) {
            break;
        }
    }
    observe_that("never have two threads the lock at once", !crowded);
    observe_that("who drops it on request is not the next to have it", !kept);
    observe_that("each thread comes to its end", all_have_returned());
    observe_int("rounds that were begun", begun);
    observe_all("at the end");
    observe_that("nobody does what nobody may", stage_misuse() == NULL);
}

// --- real threads ----------------------------------------------------------

enum {
    THREADS = 4,
    TURNS = 250,
    MORE_TURNS = 50 // at most
};

static int turns; // of each thread

static volatile int64_t sum, at_once; // guarded by gil, if it guards
static atomic_bool was_crowded;

static void *
count(void *data)
{
    for (int i = 0; i < turns; i++) {
        rt_gil_take(&gil, data);
        at_once = at_once + 1;
        if (at_once != 1) {
            atomic_store(&was_crowded, true);
        }
        sum = sum + 1;
        at_once = at_once - 1;
        rt_gil_drop(&gil, data);
    }
    return NULL;
}

static void
four_threads_count_together(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    char names[THREADS];
    turns = TURNS + (int)lab_random_between(0, MORE_TURNS);
    new_lock();
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, count, &names[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    observe_int("the sum", sum);
    observe_that("never two at once", !atomic_load(&was_crowded));
    rt_gil_destroy(&gil);
}

static void *
take_once(void *data)
{
    rt_gil_take(&gil, data);
    rt_gil_drop(&gil, data);
    return NULL;
}

/* A right solution never asks here, however slow the machine is. */
static void
an_hour_is_an_hour(void **state)
{
    (void)state;
    const int64_t hour_us =
        INT64_C(3600) * 1000 * 1000 + lab_random_between(0, 999999);
    pthread_t thread;
    char names[2];
    new_lock();
    rt_gil_set_interval_us(&gil, hour_us);
    observe_int("an hour and a moment, in us", rt_gil_interval_us(&gil));
    rt_gil_take(&gil, &names[0]);
    pthread_create(&thread, NULL, take_once, &names[1]);
    for (int i = 0; i < 100 && !rt_gil_drop_requested(&gil); i++) {
        usleep(1000);
    }
    observe_bool("an interval of an hour, a moment later: is it requested",
                 rt_gil_drop_requested(&gil));
    rt_gil_drop(&gil, &names[0]);
    pthread_join(thread, NULL);
}

static atomic_int progress[2];
static int steps; // of each

/* Goes a step only after the other one; looks up at safe points. */
static int
step_after_the_other(void *data)
{
    atomic_int *mine = data;
    atomic_int *other = mine == &progress[0] ? &progress[1] : &progress[0];
    for (int i = 0; i < steps; i++) {
        while (atomic_load(other) < i) {
            (void)rt_safe_point();
        }
        atomic_fetch_add(mine, 1);
    }
    return 0;
}

static void
threads_of_the_runtime_take_turns(void **state)
{
    (void)state;
    struct rt_thread *threads[2];
    steps = (int)lab_random_between(10, 20);
    observe_int("set the interval", rt_set_switch_interval_us(200));
    for (int i = 0; i < 2; i++) {
        threads[i] = rt_thread_new(NULL, step_after_the_other, &progress[i]);
        observe_int("start", rt_thread_start(threads[i]));
    }
    for (int i = 0; i < 2; i++) {
        observe_int("join", rt_thread_join(threads[i], RT_NO_TIMEOUT));
        observe_int("steps", atomic_load(&progress[i]));
        rt_thread_free(threads[i]);
    }
}

const struct CMUnitTest lab_cases[] = {
    cmocka_unit_test(a_new_lock_is_free),
    cmocka_unit_test(the_interval_is_positive),
    cmocka_unit_test(a_free_lock_is_taken_at_once),
    cmocka_unit_test(hand_overs_are_counted),
    cmocka_unit_test(who_finds_it_taken_waits),
    cmocka_unit_test(what_was_made_is_destroyed),
    cmocka_unit_test(a_wake_up_without_a_reason_changes_nothing),
    cmocka_unit_test(errno_survives),
    cmocka_unit_test(who_waits_makes_a_request_after_the_interval),
    cmocka_unit_test(only_time_is_a_reason_to_ask),
    cmocka_unit_test(the_interval_may_be_any),
    cmocka_unit_test(without_a_request_the_dropper_does_not_wait),
    cmocka_unit_test(on_request_it_goes_to_another),
    cmocka_unit_test(a_dropper_sleeps_on_after_a_wake_up_without_a_reason),
    cmocka_unit_test(one_of_the_right_kind_is_woken),
    cmocka_unit_test(the_taker_takes_the_request_back),
    cmocka_unit_test(only_the_holder_takes_the_request_back),
    cmocka_unit_test(a_hand_over_begins_the_wait_anew),
    cmocka_unit_test(a_lock_that_comes_back_has_changed_hands),
    cmocka_unit_test(the_other_may_have_dropped_it_again),
    cmocka_unit_test(a_thread_that_ends_waits_for_nobody),
    cmocka_unit_test(several_pass_it_on),
    cmocka_unit_test(waits_are_measured),
    cmocka_unit_test(the_figures_are_read_under_the_mutex),
    cmocka_unit_test(no_wake_up_is_lost),
    cmocka_unit_test(no_hand_over_is_missed),
    cmocka_unit_test(any_schedule_will_do),
    cmocka_unit_test(an_hour_is_an_hour),
    cmocka_unit_test(four_threads_count_together),
    cmocka_unit_test(threads_of_the_runtime_take_turns),
};
const size_t lab_case_count = sizeof(lab_cases) / sizeof(lab_cases[0]);
