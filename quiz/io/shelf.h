/* Shelf: all labs there are, read from the labs folder. */
#ifndef QUIZ_IO_SHELF_H
#define QUIZ_IO_SHELF_H

#include <stddef.h>

#include "quiz/core/lab.h"

struct error;
struct shelf; // private to shelf.c

/* Reads folder/ID/lab.yaml of every lab, in the order of the ids. Returns 0
 * and *shelf (give it back with shelf_free()), or -1 with err naming the
 * first fault. */
int shelf_load(struct shelf **shelf, const char *folder, struct error *err);
void shelf_free(struct shelf *shelf); // NULL is fine

/* The labs in order; borrowed until shelf_free(). */
size_t shelf_count(const struct shelf *shelf);
const struct lab *shelf_at(const struct shelf *shelf, size_t index);

/* The lab that a person calls name (see lab_is_called()), or NULL with err,
 * which names the nearest one if any is near. */
const struct lab *shelf_find(const struct shelf *shelf, const char *name,
                             struct error *err);

/* The text of a file of the lab ("task.en.md"), new; NULL with err. */
char *shelf_read(const struct shelf *shelf, const struct lab *lab,
                 const char *name, struct error *err);

/* The text of the reference: the runtime's own file, or solution.c. New;
 * NULL with err. */
char *shelf_read_reference(const struct shelf *shelf, const struct lab *lab,
                           struct error *err);

#endif
