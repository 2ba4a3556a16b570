/* Content place: where in its file a part of a question stands.
 *
 * Questions keep only the line they begin in; whoever has something to say
 * about a part of one asks here, and the file is read again. */
#ifndef QUIZ_IO_CONTENT_PLACE_H
#define QUIZ_IO_CONTENT_PLACE_H

struct content_places; // private to content_place.c
struct question;

struct content_place {
    int line, column; // 1-based
};

/* New; files are looked for in root (NULL: as they are named). */
struct content_places *content_places_new(const char *root);
void content_places_free(struct content_places *places); // NULL is fine

/* The place of a path of core/passage.h ("explain.ru", "proof.code"): of the
 * nearest thing above it when there is no such part, of the question when the
 * file has changed too much. */
struct content_place content_place_find(struct content_places *places,
                                        const struct question *question,
                                        const char *path);

#endif
