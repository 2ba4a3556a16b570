#include "labs/runtime/weak_table.h"

#include "labs/runtime/alloc.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/set.h"
#include "labs/runtime/weakref.h"

/* An object of its own, because tables can share it. */
struct rt_weak_books {
    struct rt_object head;
    struct rt_object *data;   // ours
    struct rt_object **notes; // ours, the newest last
    size_t note_count, note_room;
    size_t walks; // that are going on
};

struct remover {
    struct rt_object head;
    struct rt_object *reference; // ours: a weak one to the table; or NULL
};

static const struct rt_weak_table_kind *
kind_of(const struct rt_object *table)
{
    // The type is the first member of its kind.
    return (const struct rt_weak_table_kind *)table->ob_type;
}

static struct rt_weak_books *
books_of(struct rt_object *table)
{
    return ((struct rt_weak_table *)table)->books;
}

// --- the books -------------------------------------------------------------

static void
drop_notes(struct rt_weak_books *books)
{
    while (books->note_count > 0) {
        rt_decref(books->notes[--books->note_count]);
    }
}

static void
books_dealloc(struct rt_object *object)
{
    struct rt_weak_books *books = (struct rt_weak_books *)object;
    rt_gc_untrack(object);
    rt_decref(books->data);
    drop_notes(books);
    rt_free(books->notes);
    rt_gc_free(object);
}

static int
books_traverse(struct rt_object *object,
               int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct rt_weak_books *books = (struct rt_weak_books *)object;
    int result = visit(books->data, data);
    for (size_t i = 0; result == 0 && i < books->note_count; i++) {
        result = visit(books->notes[i], data);
    }
    return result;
}

/* Cycles through the data are broken there. */
static void
books_clear(struct rt_object *object)
{
    drop_notes((struct rt_weak_books *)object);
}

static const struct rt_type books_type = {
    .name = "books",
    .basicsize = sizeof(struct rt_weak_books),
    .dealloc = books_dealloc,
    .traverse = books_traverse,
    .clear = books_clear,
};

/* Steals data, which may be NULL. */
static struct rt_weak_books *
new_books(struct rt_object *data)
{
    struct rt_object *made = data != NULL ? rt_gc_new(&books_type, 0) : NULL;
    if (made == NULL) {
        rt_xdecref(data);
        return NULL;
    }
    struct rt_weak_books *books = (struct rt_weak_books *)made;
    books->data = data;
    books->notes = NULL;
    books->note_count = books->note_room = 0;
    books->walks = 0;
    rt_gc_track(made);
    return books;
}

static size_t
size_of(const struct rt_weak_books *books)
{
    return rt_set_check(books->data) ? rt_set_size(books->data)
                                     : rt_dict_size(books->data);
}

/* Room for the notes that are there and as many more. */
static int
reserve(struct rt_weak_books *books, size_t more)
{
    size_t room = books->note_count + more;
    if (room <= books->note_room) {
        return 0;
    }
    room += room / 2;
    struct rt_object **notes =
        rt_realloc(books->notes, room * sizeof(struct rt_object *));
    if (notes == NULL) {
        rt_error_no_memory();
        return -1;
    }
    books->notes = notes;
    books->note_room = room;
    return 0;
}

/* Only during walks is there anything to note. */
int
rt_weak_table_reserve(struct rt_object *table)
{
    struct rt_weak_books *books = books_of(table);
    return books->walks > 0 ? reserve(books, size_of(books) + 1) : 0;
}

int
rt_weak_table_commit(struct rt_object *table)
{
    struct rt_weak_books *books = books_of(table);
    int result = 0;
    while (result == 0 && books->note_count > 0) {
        struct rt_object *note = books->notes[--books->note_count];
        result = kind_of(table)->discard(books->data, note);
        rt_decref(note);
    }
    return result;
}

size_t
rt_weak_table_noted(struct rt_object *table)
{
    return books_of(table)->note_count;
}

struct rt_object *
rt_weak_table_data(struct rt_object *table)
{
    return books_of(table)->data;
}

// --- the remover -----------------------------------------------------------

/* The entry of this weak reference goes, at once or later. */
static int
remove_entry(struct rt_object *table, struct rt_object *reference)
{
    struct rt_weak_books *books = books_of(table);
    struct rt_object *note = rt_new_ref(kind_of(table)->note(reference));
    int result = 0;
    if (books->walks == 0) {
        result = kind_of(table)->discard(books->data, note);
    }
    else if ((result = reserve(books, 1)) == 0) {
        books->notes[books->note_count++] = rt_new_ref(note);
    }
    rt_decref(note);
    return result;
}

static int
remover_call(struct rt_object *object, struct rt_object *reference)
{
    struct rt_object *table =
        rt_weakref_get(((struct remover *)object)->reference);
    int result = table != NULL ? remove_entry(table, reference) : 0;
    rt_xdecref(table);
    return result;
}

static void
remover_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    rt_xdecref(((struct remover *)object)->reference);
    rt_gc_free(object);
}

static int
remover_traverse(struct rt_object *object,
                 int (*visit)(struct rt_object *held, void *data), void *data)
{
    return visit(((struct remover *)object)->reference, data);
}

static const struct rt_type remover_type = {
    .name = "remover",
    .basicsize = sizeof(struct remover),
    .dealloc = remover_dealloc,
    .traverse = remover_traverse,
    .call = remover_call,
};

static struct rt_object *
new_remover(struct rt_object *table)
{
    struct rt_object *made = rt_gc_new(&remover_type, 0);
    if (made == NULL) {
        return NULL;
    }
    struct remover *remover = (struct remover *)made;
    remover->reference = rt_weakref_new(table, NULL);
    if (remover->reference == NULL) {
        rt_decref(made);
        return NULL;
    }
    rt_gc_track(made);
    return made;
}

struct rt_object *
rt_weak_table_remover(struct rt_object *table)
{
    return ((struct rt_weak_table *)table)->remover;
}

// --- the table -------------------------------------------------------------

void
rt_weak_table_dealloc(struct rt_object *object)
{
    struct rt_weak_table *table = (struct rt_weak_table *)object;
    rt_gc_untrack(object);
    rt_weakref_clear_all(object);
    rt_decref(&table->books->head);
    rt_xdecref(table->remover);
    rt_gc_free(object);
}

int
rt_weak_table_traverse(struct rt_object *object,
                       int (*visit)(struct rt_object *held, void *data),
                       void *data)
{
    const struct rt_weak_table *table = (struct rt_weak_table *)object;
    int result = visit(&table->books->head, data);
    return result != 0 ? result : visit(table->remover, data);
}

/* Steals the books and the remover, each of which may be NULL; without a
 * remover the table gets its own. */
static struct rt_object *
assemble(const struct rt_weak_table_kind *kind, struct rt_weak_books *books,
         struct rt_object *remover)
{
    struct rt_object *made = books != NULL ? rt_gc_new(&kind->type, 0) : NULL;
    if (made == NULL) {
        rt_xdecref(books != NULL ? &books->head : NULL);
        rt_xdecref(remover);
        return NULL;
    }
    struct rt_weak_table *table = (struct rt_weak_table *)made;
    table->weakrefs = NULL;
    table->books = books;
    table->remover = remover != NULL ? remover : new_remover(made);
    if (table->remover == NULL) {
        rt_decref(made);
        return NULL;
    }
    rt_gc_track(made);
    return made;
}

struct rt_object *
rt_weak_table_new(const struct rt_weak_table_kind *kind,
                  struct rt_object *data)
{
    return assemble(kind, new_books(data), NULL);
}

struct rt_object *
rt_weak_table_new_like(struct rt_object *table, bool same_books,
                       struct rt_object *data)
{
    struct rt_weak_books *books = books_of(table);
    if (same_books) {
        rt_incref(&books->head);
    }
    else {
        books = new_books(data);
    }
    return assemble(kind_of(table), books,
                    rt_new_ref(rt_weak_table_remover(table)));
}

// --- walks -----------------------------------------------------------------

int
rt_weak_walk_begin(struct rt_weak_walk *walk, struct rt_object *table)
{
    struct rt_weak_books *books = books_of(table);
    if ((kind_of(table)->commits_first && rt_weak_table_commit(table) < 0) ||
        reserve(books, size_of(books)) < 0) {
        return -1;
    }
    books->walks++;
    *walk = (struct rt_weak_walk){.table = rt_new_ref(table),
                                  .size = size_of(books),
                                  .left = size_of(books)};
    return 0;
}

int
rt_weak_walk_end(struct rt_weak_walk *walk)
{
    struct rt_object *table = walk->table;
    if (table == NULL) {
        return 0;
    }
    walk->table = NULL;
    struct rt_weak_books *books = books_of(table);
    struct rt_error_state pending = rt_error_fetch();
    books->walks--;
    int result = books->walks == 0 ? rt_weak_table_commit(table) : 0;
    if (result == 0) {
        rt_error_restore(&pending);
    }
    rt_clear(&walk->key);
    rt_clear(&walk->value);
    rt_decref(table);
    return result;
}

static int
fail(struct rt_weak_walk *walk, const char *text)
{
    rt_error_set(RT_ERROR_RUNTIME, "%s during iteration", text);
    (void)rt_weak_walk_end(walk);
    return -1;
}

/* The next entry, dead or alive, borrowed: 1; 0 at the end; -1 with a pending
 * error and the walk over (dictiter_iternextitem and setiter_iternext). */
static int
next_entry(struct rt_weak_walk *walk, struct rt_object **key,
           struct rt_object **value)
{
    const struct rt_weak_books *books = books_of(walk->table);
    bool is_set = rt_set_check(books->data);
    if (size_of(books) != walk->size) {
        return fail(walk,
                    is_set ? "Set changed size" : "dictionary changed size");
    }
    *value = NULL;
    if (is_set) {
        return rt_set_next(books->data, &walk->position, key);
    }
    if (!rt_dict_next(books->data, &walk->position, key, value)) {
        return 0;
    }
    if (walk->left == 0) {
        return fail(walk, "dictionary keys changed");
    }
    walk->left--;
    return 1;
}

int
rt_weak_walk_next(struct rt_weak_walk *walk)
{
    while (walk->table != NULL) {
        struct rt_object *stored_key = NULL;
        struct rt_object *stored_value = NULL;
        int found = next_entry(walk, &stored_key, &stored_value);
        if (found < 0) {
            return -1;
        }
        if (found == 0) {
            return rt_weak_walk_end(walk);
        }
        struct rt_object *key = NULL;
        struct rt_object *value = NULL;
        bool lives =
            kind_of(walk->table)->read(stored_key, stored_value, &key, &value);
        // Only now, because whatever these were the last references to dies.
        rt_set_ref(&walk->key, key);
        rt_set_ref(&walk->value, value);
        if (lives) {
            return 1;
        }
    }
    return 0;
}

int
rt_weak_table_store_all(struct rt_object *table, struct rt_object *to,
                        int (*store)(struct rt_object *to,
                                     const struct rt_weak_walk *entry,
                                     struct rt_copy_memo *memo),
                        struct rt_copy_memo *memo)
{
    struct rt_weak_walk walk;
    if (rt_weak_walk_begin(&walk, table) < 0) {
        return -1;
    }
    int result = rt_weak_walk_next(&walk);
    while (result == 1) {
        result = store(to, &walk, memo);
        if (result == 0) {
            result = rt_weak_walk_next(&walk);
        }
    }
    return rt_weak_walk_end(&walk) < 0 ? -1 : result;
}

// --- dicts -----------------------------------------------------------------

static int
store_strongly(struct rt_object *to, const struct rt_weak_walk *entry,
               struct rt_copy_memo *memo)
{
    (void)memo;
    return rt_dict_set(to, entry->key, entry->value);
}

/* What lives, in a new dict. NULL with a pending error. */
static struct rt_object *
get_living(struct rt_object *table)
{
    struct rt_object *dict = rt_dict_new();
    if (dict != NULL &&
        rt_weak_table_store_all(table, dict, store_strongly, NULL) < 0) {
        rt_clear(&dict);
    }
    return dict;
}

int
rt_weak_table_equal_dicts(struct rt_object *a, struct rt_object *b)
{
    struct rt_object *left = get_living(a);
    struct rt_object *right = left != NULL ? get_living(b) : NULL;
    int result = right != NULL ? rt_equal(left, right) : -1;
    rt_xdecref(left);
    rt_xdecref(right);
    return result;
}
