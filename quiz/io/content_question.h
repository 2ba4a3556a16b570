/* Content question: one question of a file. Only io/content*.c uses it. */
#ifndef QUIZ_IO_CONTENT_QUESTION_H
#define QUIZ_IO_CONTENT_QUESTION_H

struct reader;
struct question;
struct ynode;

/* Reads a question into *question, whose topic and file are already set. 0, or
 * -1 after adding faults. */
int content_read_question(const struct reader *reader,
                          const struct ynode *node, struct question *question);

/* The parts of an open question (content_rubric.c). node NULL: nothing is
 * read. */
int content_read_rubric(const struct reader *reader, const struct ynode *node,
                        struct question *question);
int content_read_model(const struct reader *reader, const struct ynode *node,
                       struct question *question);
int content_read_follow_ups(const struct reader *reader,
                            const struct ynode *node,
                            struct question *question);

#endif
