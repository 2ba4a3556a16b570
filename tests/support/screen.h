/* Screen: catches what a view prints, and looks whether a terminal would show
 * it as meant.
 *
 *     struct screen screen;
 *     struct view view = {.out = screen_begin(&screen), .width = 40};
 *     view_markdown(&view, …);
 *     screen_end(&screen);
 *     assert_text(screen.text, …);
 *     screen_release(&screen);
 */
#ifndef TESTS_SUPPORT_SCREEN_H
#define TESTS_SUPPORT_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct screen {
    char *text; // what was printed; after screen_end() without styles
    size_t size;
    int styles; // how many style sequences were taken out
    FILE *out;
};

FILE *screen_begin(struct screen *screen);

/* Ends the output, and takes the styles of a view (SGR) out of the text. */
void screen_end(struct screen *screen);
void screen_release(struct screen *screen);

/* Fails the test unless every line is at most width columns wide and the text
 * is UTF-8 (ASCII without utf8) that holds no control character but newlines
 * and no mark that turns the direction round. Says what was printed from. */
void screen_check(const struct screen *screen, int width, bool utf8,
                  const char *from);

#endif
