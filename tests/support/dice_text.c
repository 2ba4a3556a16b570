#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"
#include "tests/support/dice.h"

const char *const DICE_HARD_PIECES[] = {
    "a",
    "word",
    " ",
    "  ",
    "\n",
    "\t",
    "\r",
    "слово",
    "ё",
    "и\xCC\x86",                                    // й in two code points
    "e\xCC\x81\xCC\x81",                            // stacked marks
    "\xCC\x81",                                     // a mark without a letter
    "漢字",                                         // wide
    "\xF0\x9F\x98\x80",                             // an emoji
    "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB", // two that are joined
    "\xE2\x9D\xA4\xEF\xB8\x8F",                     // a heart in emoji style
    "\xE2\x80\x8D",                                 // a joiner alone
    "\xEF\xB8\x8F",                                 // a selector alone
    "\xF0\x9F\x87\xB7\xF0\x9F\x87\xBA",             // a flag
    "\xFF",                                         // never in UTF-8
    "\x80",                                         // a continuation alone
    "\xE2\x82",                                     // cut off
    "\xC0\xAF",                                     // overlong
    "\xED\xA0\x80",                                 // half a surrogate pair
    "\033[2J",                                      // clears the screen
    "\xC2\x9B", // the same in one byte (C1)
    "\x07",
    "\x7F",
    "\xE2\x80\xAE", // right to left
    "\xE2\x80\xA8", // line separator
    "averyveryverylongwordthatdoesnotfitintoanarrowcolumn",
    ".",
    ",",
    "'",
    "`",
    "*",
    "|",
    "#",
    "-",
    "1.",
    NULL};

char *
dice_text(struct dice *dice, const char *const *pieces, size_t count)
{
    struct text text = {0};
    size_t kinds = 0;
    while (pieces[kinds] != NULL) {
        kinds++;
    }
    for (size_t i = 0; i < count; i++) {
        text_add(&text, pieces[dice_roll(dice, kinds)]);
    }
    return text_steal(&text);
}

char *
dice_bytes(struct dice *dice, size_t count)
{
    char *bytes = xmalloc(count + 1);
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (char)(1 + dice_roll(dice, 255));
    }
    bytes[count] = '\0';
    return bytes;
}
