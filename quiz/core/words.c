#include "quiz/core/words.h"

#include <libstemmer.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"

enum {
    LONGEST = 48
}; // letters of a word that is compared letter by letter

static bool
is_cyrillic(utf8proc_int32_t code)
{
    return code >= 0x400 && code <= 0x52F;
}

static bool
is_latin(utf8proc_int32_t code)
{
    return code >= 'a' && code <= 'z';
}

/* What a code point is folded to beyond compatibility and case; 0: nothing. */
static utf8proc_int32_t
fold_one(utf8proc_int32_t code)
{
    switch (code) {
    case 0x451: // ё
        return 0x435;
    case 0x301: // stress
    case 0x300:
    case 0xFEFF:
        return 0;
    case 0x2018:
    case 0x2019:
    case 0x201B:
    case 0x2BC:
    case '`':
        return '\'';
    case 0x201C:
    case 0x201D:
    case 0x201E:
    case 0xAB:
    case 0xBB:
        return '"';
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2212:
        return '-';
    default:
        return code;
    }
}

/* Letters that look alike: a Latin one and the Cyrillic one. */
static utf8proc_int32_t
look_alike(utf8proc_int32_t code, bool to_cyrillic)
{
    static const struct {
        utf8proc_int32_t latin, cyrillic;
    } PAIRS[] = {{'a', 0x430}, {'c', 0x441}, {'e', 0x435}, {'o', 0x43E},
                 {'p', 0x440}, {'x', 0x445}, {'y', 0x443}, {'k', 0x43A},
                 {'m', 0x43C}, {'h', 0x43D}, {'b', 0x432}, {'t', 0x442}};
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(*PAIRS); i++) {
        if (to_cyrillic && PAIRS[i].latin == code) {
            return PAIRS[i].cyrillic;
        }
        if (!to_cyrillic && PAIRS[i].cyrillic == code) {
            return PAIRS[i].latin;
        }
    }
    return code;
}

/* Puts a word of mixed scripts into the script of most of its letters, if
 * every letter of the other one has a look-alike. */
static void
mend_scripts(utf8proc_int32_t *codes, size_t from, size_t to)
{
    size_t latin = 0;
    size_t cyrillic = 0;
    for (size_t i = from; i < to; i++) {
        latin += is_latin(codes[i]);
        cyrillic += is_cyrillic(codes[i]);
    }
    if (latin == 0 || cyrillic == 0) {
        return;
    }
    bool to_cyrillic = cyrillic >= latin;
    for (size_t i = from; i < to; i++) {
        bool foreign =
            to_cyrillic ? is_latin(codes[i]) : is_cyrillic(codes[i]);
        if (foreign && look_alike(codes[i], to_cyrillic) == codes[i]) {
            return;
        }
    }
    for (size_t i = from; i < to; i++) {
        codes[i] = look_alike(codes[i], to_cyrillic);
    }
}

/* The code points of a text in compatibility and case-folded form; new. */
static utf8proc_int32_t *
decompose(const char *text, size_t length, size_t *count)
{
    const utf8proc_option_t OPTIONS = UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
                                      UTF8PROC_COMPOSE | UTF8PROC_STABLE |
                                      UTF8PROC_IGNORE | UTF8PROC_NLF2LF;
    // Broken bytes are put right first: utf8proc would refuse the whole.
    struct text valid = {0};
    for (size_t i = 0; i < length;) {
        utf8proc_int32_t code = -1;
        utf8proc_ssize_t size =
            utf8proc_iterate((const utf8proc_uint8_t *)text + i,
                             (utf8proc_ssize_t)(length - i), &code);
        bool known = size > 0 && code != 0;
        text_add_bytes(&valid, known ? text + i : "\xEF\xBF\xBD",
                       known ? (size_t)size : 3);
        i += size > 0 ? (size_t)size : 1;
    }
    // Case folding can triple a code point, compatibility make 18 of one.
    size_t room = valid.length * 4 + 32;
    utf8proc_int32_t *codes = xreallocarray(NULL, room, sizeof(*codes));
    utf8proc_ssize_t made =
        utf8proc_decompose((const utf8proc_uint8_t *)text_string(&valid),
                           (utf8proc_ssize_t)valid.length, codes,
                           (utf8proc_ssize_t)room, OPTIONS);
    if (made > (utf8proc_ssize_t)room) {
        room = (size_t)made;
        codes = xreallocarray(codes, room, sizeof(*codes));
        made = utf8proc_decompose(
            (const utf8proc_uint8_t *)text_string(&valid),
            (utf8proc_ssize_t)valid.length, codes, made, OPTIONS);
    }
    made = made < 0 ? 0 : utf8proc_normalize_utf32(codes, made, OPTIONS);
    text_release(&valid);
    *count = made < 0 ? 0 : (size_t)made;
    return codes;
}

char *
words_fold(const char *text, size_t length)
{
    size_t count = 0;
    utf8proc_int32_t *codes = decompose(text, length, &count);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        utf8proc_int32_t code = fold_one(codes[i]);
        if (code != 0) {
            codes[kept++] = code;
        }
    }
    for (size_t from = 0; from < kept;) {
        size_t to = from;
        while (to < kept && (is_latin(codes[to]) || is_cyrillic(codes[to]))) {
            to++;
        }
        mend_scripts(codes, from, to);
        from = to > from ? to : from + 1;
    }
    struct text folded = {0};
    for (size_t i = 0; i < kept; i++) {
        utf8proc_uint8_t bytes[4];
        utf8proc_ssize_t size = utf8proc_encode_char(codes[i], bytes);
        text_add_bytes(&folded, (const char *)bytes, (size_t)size);
    }
    free(codes);
    return text_steal(&folded);
}

// The two stemmers: made once, used by one thread.
static struct sb_stemmer *english, *russian;

void
words_release(void)
{
    sb_stemmer_delete(english);
    sb_stemmer_delete(russian);
    english = russian = NULL;
}

void
words_stem(const char *word, char *stem, size_t room)
{
    bool cyrillic =
        (unsigned char)word[0] >= 0xD0 && (unsigned char)word[0] <= 0xD4;
    struct sb_stemmer **stemmer = cyrillic ? &russian : &english;
    if (*stemmer == NULL) {
        *stemmer = sb_stemmer_new(cyrillic ? "russian" : "english", "UTF_8");
    }
    const sb_symbol *stemmed =
        sb_stemmer_stem(*stemmer, (const sb_symbol *)word, (int)strlen(word));
    const char *result = stemmed != NULL ? (const char *)stemmed : word;
    size_t length = strlen(result);
    length = length < room ? length : room - 1;
    memcpy(stem, result, length);
    stem[length] = '\0';
}

/* The letters of a word, at most LONGEST; -1 when it has more or has signs
 * that are no letters. */
static int
letters_of(const char *word, utf8proc_int32_t *letters)
{
    int count = 0;
    while (*word != '\0') {
        utf8proc_int32_t code = -1;
        utf8proc_ssize_t size =
            utf8proc_iterate((const utf8proc_uint8_t *)word, -1, &code);
        if (size <= 0 || count == LONGEST ||
            !(is_latin(code) || is_cyrillic(code))) {
            return -1;
        }
        letters[count++] = code;
        word += size;
    }
    return count;
}

static int
tolerance_of(int count)
{
    return count <= 4 ? 0 : count <= 8 ? 1 : 2;
}

int
words_tolerance(const char *word)
{
    utf8proc_int32_t letters[LONGEST];
    int count = letters_of(word, letters);
    return count < 0 ? 0 : tolerance_of(count);
}

static int
smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, replacements and swaps of
 * neighbours. */
static int
distance(const utf8proc_int32_t *a, int a_count, const utf8proc_int32_t *b,
         int b_count)
{
    int rows[3][LONGEST + 1];
    for (int j = 0; j <= b_count; j++) {
        rows[0][j] = j;
    }
    for (int i = 1; i <= a_count; i++) {
        int *row = rows[i % 3];
        const int *above = rows[(i + 2) % 3];
        const int *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= b_count; j++) {
            row[j] = smaller(smaller(above[j], row[j - 1]) + 1,
                             above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                a[i - 2] == b[j - 1]) {
                row[j] = smaller(row[j], above2[j - 2] + 1);
            }
        }
    }
    return rows[a_count % 3][b_count];
}

/* Near in letters, apart in meaning. The first letter is compared before, so
 * pairs like mutable and immutable need no place here. */
static bool
never_the_same(const char *a, const char *b)
{
    static const char *const PAIRS[][2] = {
        {"strong", "string"},
        {"thread", "tread"},
        {"threads", "treads"},
        {"shallow", "swallow"},
        {"reference", "preference"},
        {"process", "progress"},
        {"context", "contest"},
        {"awaited", "waited"},
        {"pool", "poll"},
        {"pooling", "polling"},
        {"lock", "look"},
        {"stack", "stock"},
        {"traced", "tracked"},
        {"collect", "connect"},
        {"future", "feature"},
        {"поток", "потоп"},
        {"процесс", "прогресс"},
        {"сильная", "стильная"},
    };
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(*PAIRS); i++) {
        if ((strcmp(a, PAIRS[i][0]) == 0 && strcmp(b, PAIRS[i][1]) == 0) ||
            (strcmp(a, PAIRS[i][1]) == 0 && strcmp(b, PAIRS[i][0]) == 0)) {
            return true;
        }
    }
    return false;
}

bool
words_alike(const char *wanted, const char *typed)
{
    utf8proc_int32_t a[LONGEST];
    utf8proc_int32_t b[LONGEST];
    if (strcmp(wanted, typed) == 0) {
        return true;
    }
    int a_count = letters_of(wanted, a);
    int b_count = letters_of(typed, b);
    if (a_count < 0 || b_count < 0 || abs(a_count - b_count) > 2) {
        return false;
    }
    int tolerance = tolerance_of(smaller(a_count, b_count));
    bool swapped = a_count > 1 && b_count > 1 && a[0] == b[1] && a[1] == b[0];
    if (tolerance == 0 || (a[0] != b[0] && !swapped) ||
        never_the_same(wanted, typed)) {
        return false;
    }
    return distance(a, a_count, b, b_count) <= tolerance;
}

// --- whole answers ---------------------------------------------------------

/* Whether a byte of folded text parts words in an answer. */
static bool
parts_words(char byte)
{
    return strchr(" \t\n-'\",;:!?", byte) != NULL;
}

/* The next word of a folded text that counts, as a terminated copy in word
 * (room bytes). Articles are passed over. False at the end. */
static bool
next_word(const char **at, char *word, size_t room)
{
    static const char *const ARTICLES[] = {"a", "an", "the"};
    for (;;) {
        while (**at != '\0' && parts_words(**at)) {
            (*at)++;
        }
        size_t length = 0;
        while ((*at)[length] != '\0' && !parts_words((*at)[length])) {
            length++;
        }
        if (length == 0) {
            return false;
        }
        size_t kept = length;
        while (kept > 1 && (*at)[kept - 1] == '.') {
            kept--; // the end of a sentence
        }
        kept = kept < room ? kept : room - 1;
        memcpy(word, *at, kept);
        word[kept] = '\0';
        *at += length;
        bool article = false;
        for (size_t i = 0; i < sizeof(ARTICLES) / sizeof(*ARTICLES); i++) {
            article |= strcmp(word, ARTICLES[i]) == 0;
        }
        // An article alone is an answer: a variable may be called a.
        if (!article || (*at)[strspn(*at, " ")] == '\0') {
            return true;
        }
    }
}

static bool
same_word(const char *wanted, const char *typed)
{
    char wanted_stem[128];
    char typed_stem[128];
    if (words_alike(wanted, typed)) {
        return true;
    }
    utf8proc_int32_t letters[LONGEST];
    if (letters_of(wanted, letters) < 4 || letters_of(typed, letters) < 4) {
        return false;
    }
    words_stem(wanted, wanted_stem, sizeof(wanted_stem));
    words_stem(typed, typed_stem, sizeof(typed_stem));
    return strcmp(wanted_stem, typed_stem) == 0;
}

/* Whether two folded texts are the same when nothing parts words. */
static bool
same_without_spaces(const char *a, const char *b)
{
    for (;;) {
        while (*a != '\0' && parts_words(*a)) {
            a++;
        }
        while (*b != '\0' && parts_words(*b)) {
            b++;
        }
        if (*a != *b || *a == '\0') {
            return *a == *b;
        }
        a++;
        b++;
    }
}

bool
words_answer_is(const char *accepted, const char *typed)
{
    char *wanted = words_fold(accepted, strlen(accepted));
    char *given = words_fold(typed, strlen(typed));
    const char *wanted_at = wanted;
    const char *given_at = given;
    char wanted_word[128];
    char given_word[128];
    bool same = true;
    int count = 0;
    for (;;) {
        bool more = next_word(&wanted_at, wanted_word, sizeof(wanted_word));
        bool typed_more = next_word(&given_at, given_word, sizeof(given_word));
        if (!more || !typed_more) {
            same = same && more == typed_more && count > 0;
            break;
        }
        same = same && same_word(wanted_word, given_word);
        count++;
    }
    // "deepcopy" for "deep copy"; signs such as "==" have no words at all.
    same = same || (given[0] != '\0' && same_without_spaces(wanted, given) &&
                    strpbrk(given, "abcdefghijklmnopqrstuvwxyz0123456789=+*/<"
                                   ">[](){}\xD0\xD1") != NULL);
    free(wanted);
    free(given);
    return same;
}
