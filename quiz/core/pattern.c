#include "quiz/core/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "quiz/core/arena.h"
#include "quiz/core/error.h"
#include "quiz/core/question.h"
#include "quiz/core/synonyms.h"
#include "quiz/core/text.h"
#include "quiz/core/words.h"

enum {
    MOST_SLOTS = 12,
    MOST_SPANS = 48, // of one slot; a text that says a word more often has
                     // said it
    MOST_TRIES = 20000
};

/* Tokens that an alternative covers. */
struct span {
    int first, last;
};

struct spans {
    struct span items[MOST_SPANS];
    size_t count;
};

struct haystack {
    struct arena *arena;
    struct token *tokens;
    size_t count;
    const struct synonyms *synonyms;
    struct spans **groups; // found so far, by place in synonyms
};

struct haystack *
haystack_new(struct arena *arena, const struct tokens *tokens,
             const struct synonyms *synonyms)
{
    struct haystack *haystack = arena_take(arena, sizeof(*haystack));
    size_t groups = synonyms != NULL ? synonyms->count : 0;
    haystack->arena = arena;
    haystack->tokens = arena_copy(arena, tokens->items,
                                  tokens->count * sizeof(*tokens->items));
    haystack->count = tokens->count;
    haystack->synonyms = synonyms;
    haystack->groups =
        arena_take(arena, (groups + 1) * sizeof(struct spans *));
    return haystack;
}

void
haystack_mend_typos(struct haystack *haystack, const char *const *words,
                    size_t count)
{
    for (size_t i = 0; i < haystack->count; i++) {
        struct token *token = &haystack->tokens[i];
        bool known = token->is_function || words_tolerance(token->word) == 0;
        for (size_t w = 0; !known && w < count; w++) {
            known = token_has_key(token, words[w]) ||
                    (strlen(words[w]) >= 8 &&
                     strncmp(token->word, words[w], strlen(words[w])) == 0);
        }
        for (size_t w = 0; !known && w < count; w++) {
            if (words_alike(words[w], token->word)) {
                char stem[128];
                words_stem(words[w], stem, sizeof(stem));
                token_add_key(token, words[w]);
                token_add_key(
                    token, arena_string(haystack->arena, stem, strlen(stem)));
                break;
            }
        }
    }
}

// --- alternatives ----------------------------------------------------------

/* Whether a token is the word (folded), or begins with it. */
static bool
token_is(const struct token *token, const char *word, const char *stem,
         bool prefix)
{
    if (!prefix) {
        return token_has_key(token, word) || token_has_key(token, stem);
    }
    size_t length = strlen(word);
    for (int i = 0; i < TOKEN_KEYS && token->keys[i] != NULL; i++) {
        if (strncmp(token->keys[i], word, length) == 0) {
            return true;
        }
    }
    return false;
}

static void
add_span(struct spans *spans, int first, int last)
{
    if (spans->count < MOST_SPANS) {
        spans->items[spans->count++] = (struct span){first, last};
    }
}

/* One word of a phrase, made ready. */
struct needle {
    char *word;
    char stem[128];
    bool prefix;
};

enum {
    MOST_WORDS = 8
};

static size_t
make_needles(const char *phrase, size_t length, struct needle *needles)
{
    size_t count = 0;
    for (size_t i = 0; i < length && count < MOST_WORDS;) {
        size_t end = i;
        while (end < length && phrase[end] != ' ') {
            end++;
        }
        if (end > i) {
            struct needle *needle = &needles[count++];
            bool prefix = phrase[end - 1] == '*' && end > i + 1;
            needle->word = words_fold(phrase + i, end - i - prefix);
            needle->prefix = prefix;
            words_stem(needle->word, needle->stem, sizeof(needle->stem));
        }
        i = end + 1;
    }
    return count;
}

/* Every place where the words of a phrase stand in a row, in a sentence. */
static void
find_phrase(const struct haystack *haystack, const char *phrase, size_t length,
            struct spans *spans)
{
    struct needle needles[MOST_WORDS];
    size_t count = make_needles(phrase, length, needles);
    for (size_t i = 0; count > 0 && i + count <= haystack->count; i++) {
        size_t same = 0;
        while (same < count &&
               haystack->tokens[i + same].sentence ==
                   haystack->tokens[i].sentence &&
               token_is(&haystack->tokens[i + same], needles[same].word,
                        needles[same].stem, needles[same].prefix)) {
            same++;
        }
        if (same == count) {
            add_span(spans, (int)i, (int)(i + count - 1));
        }
    }
    for (size_t i = 0; i < count; i++) {
        free(needles[i].word);
    }
}

static int
find_group(const struct synonyms *synonyms, const char *name, size_t length)
{
    for (size_t i = 0; synonyms != NULL && i < synonyms->count; i++) {
        const char *other = synonyms->groups[i].name;
        if (strlen(other) == length && strncmp(other, name, length) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static const struct spans *
spans_of_group(struct haystack *haystack, int group)
{
    if (haystack->groups[group] == NULL) {
        struct spans *spans = arena_take(haystack->arena, sizeof(*spans));
        const struct strings *words = &haystack->synonyms->groups[group].words;
        for (size_t i = 0; i < words->count; i++) {
            find_phrase(haystack, words->items[i], strlen(words->items[i]),
                        spans);
        }
        haystack->groups[group] = spans;
    }
    return haystack->groups[group];
}

// --- slots -----------------------------------------------------------------

/* The next piece of a pattern up to a separator or a blank that stands outside
 * of quotes; its length. */
static size_t
piece_length(const char *at, char separator)
{
    char quote = '\0';
    size_t length = 0;
    for (; at[length] != '\0'; length++) {
        char byte = at[length];
        bool opens =
            (byte == '\'' || byte == '"') &&
            (length == 0 || at[length - 1] == '|' || at[length - 1] == '?');
        if (quote != '\0') {
            if (byte == quote) {
                quote = '\0';
            }
        }
        else if (byte == separator || byte == ' ' || byte == '\n') {
            break;
        }
        else if (opens) {
            quote = byte;
        }
    }
    return length;
}

/* One slot of a pattern: alternatives[0, length) as written. */
struct slot {
    const char *text;
    size_t length;
    bool optional;
};

/* Fills at most MOST_SLOTS slots; returns how many the pattern has. */
static size_t
split_slots(const char *pattern, struct slot *slots)
{
    size_t count = 0;
    for (const char *at = pattern + strspn(pattern, " \n"); *at != '\0';) {
        size_t length = piece_length(at, ' ');
        if (count < MOST_SLOTS) {
            bool optional = *at == '?';
            slots[count] = (struct slot){.text = at + optional,
                                         .length = length - optional,
                                         .optional = optional};
        }
        count++;
        at += length;
        at += strspn(at, " \n");
    }
    return count;
}

static void
each_alternative(const struct slot *slot,
                 void (*visit)(const char *text, size_t length, void *data),
                 void *data)
{
    const char *end = slot->text + slot->length;
    for (const char *at = slot->text; at < end;) {
        size_t length = piece_length(at, '|');
        if (length > (size_t)(end - at)) {
            length = (size_t)(end - at);
        }
        if (length > 0) {
            visit(at, length, data);
        }
        at += length + 1;
    }
}

struct search {
    struct haystack *haystack;
    struct spans *spans;
};

static void
find_alternative(const char *text, size_t length, void *data)
{
    struct search *search = data;
    if (*text == '@') {
        int group =
            find_group(search->haystack->synonyms, text + 1, length - 1);
        if (group >= 0) {
            const struct spans *found =
                spans_of_group(search->haystack, group);
            for (size_t i = 0; i < found->count; i++) {
                add_span(search->spans, found->items[i].first,
                         found->items[i].last);
            }
        }
        return;
    }
    bool quoted = length >= 2 && (*text == '\'' || *text == '"');
    find_phrase(search->haystack, text + quoted, length - 2 * (size_t)quoted,
                search->spans);
}

// --- negation --------------------------------------------------------------

static bool
covers(const struct span *chosen, size_t count, int token)
{
    for (size_t i = 0; i < count; i++) {
        if (token >= chosen[i].first && token <= chosen[i].last) {
            return true;
        }
    }
    return false;
}

/* A trigger within a phrase is part of what the phrase says. */
static bool
inside_phrase(const struct span *chosen, size_t count, int token)
{
    for (size_t i = 0; i < count; i++) {
        if (chosen[i].last > chosen[i].first && token >= chosen[i].first &&
            token <= chosen[i].last) {
            return true;
        }
    }
    return false;
}

/* How far a trigger reaches: forwards for so many words that count, and never
 * beyond so many of any kind; backwards for so many. */
enum {
    FORWARDS = 6,
    FARTHEST = 24,
    BACKWARDS = 8
};

/* The first token of the claim that a denial introduces ("it is false that",
 * "неверно, что"), or -1. */
static int
denied_claim(const struct haystack *haystack, int denial)
{
    enum {
        NEAR = 3
    };
    const struct token *tokens = haystack->tokens;
    for (int i = denial + 1; i < (int)haystack->count && i <= denial + NEAR &&
                             tokens[i].sentence == tokens[denial].sentence;
         i++) {
        if (strcmp(tokens[i].word, "that") == 0 ||
            strcmp(tokens[i].word, "что") == 0) {
            return i + 1;
        }
    }
    return -1;
}

/* Whether one of the chosen tokens is among those that follow from on in its
 * clause. */
static bool
reaches_forwards(const struct haystack *haystack, int from, int clause,
                 const struct span *chosen, size_t count)
{
    int left = FORWARDS;
    for (int i = from;
         i < (int)haystack->count && left > 0 && i < from + FARTHEST &&
         haystack->tokens[i].clause == clause;
         i++) {
        if (covers(chosen, count, i)) {
            return true;
        }
        left -= !haystack->tokens[i].is_function;
    }
    return false;
}

/* Whether a trigger reaches one of the chosen tokens: forwards within its
 * clause, or backwards within its sentence for a denial, which also denies the
 * claim that it introduces. */
static bool
reaches(const struct haystack *haystack, int trigger,
        const struct span *chosen, size_t count)
{
    const struct token *tokens = haystack->tokens;
    if (tokens[trigger].negation != TOKEN_DENIES_BEFORE) {
        return reaches_forwards(haystack, trigger + 1, tokens[trigger].clause,
                                chosen, count);
    }
    for (int i = trigger - 1; i >= 0 && i >= trigger - BACKWARDS &&
                              tokens[i].sentence == tokens[trigger].sentence;
         i--) {
        if (covers(chosen, count, i)) {
            return true;
        }
    }
    int claim = denied_claim(haystack, trigger);
    return claim > 0 &&
           reaches_forwards(haystack, claim, tokens[claim - 1].clause, chosen,
                            count);
}

/* Whether the chosen tokens, which lie in [first, last], are negated. Two
 * negations cancel; "никогда не" and its likes are one. */
static bool
is_negated(const struct haystack *haystack, const struct span *chosen,
           size_t count, int first, int last)
{
    int negations = 0;
    int also = 0;
    int from = first > FARTHEST ? first - FARTHEST : 0;
    for (int i = from; i < (int)haystack->count && i <= last + BACKWARDS;
         i++) {
        enum token_negation negation = haystack->tokens[i].negation;
        if (negation == TOKEN_PLAIN || inside_phrase(chosen, count, i) ||
            !reaches(haystack, i, chosen, count)) {
            continue;
        }
        if (negation == TOKEN_NEGATES_ALSO) {
            also = 1;
        }
        else {
            negations++;
        }
    }
    return (negations > 0 ? negations : also) % 2 == 1;
}

// --- matching --------------------------------------------------------------

struct match {
    struct haystack *haystack;
    const struct pattern *pattern;
    struct spans *spans; // of each slot
    size_t slot_count;
    struct span chosen[MOST_SLOTS];
    int tries;
    enum pattern_found found;
    int first, last;
};

static bool
fits(const struct match *match, size_t slot, struct span span)
{
    const struct token *tokens = match->haystack->tokens;
    int first = span.first;
    int last = span.last;
    for (size_t i = 0; i < slot; i++) {
        const struct span *other = &match->chosen[i];
        if (span.first <= other->last && other->first <= span.last) {
            return false; // one word cannot fill two slots
        }
        if (match->pattern->ordered && span.first < other->first) {
            return false;
        }
        first = other->first < first ? other->first : first;
        last = other->last > last ? other->last : last;
    }
    int sentences = tokens[last].sentence - tokens[first].sentence;
    return last - first + 1 <= match->pattern->window &&
           sentences <= (match->pattern->across ? 1 : 0);
}

/* Judges a choice of spans for all slots; true ends the search. */
static bool
judge(struct match *match)
{
    int first = match->chosen[0].first;
    int last = match->chosen[0].last;
    for (size_t i = 1; i < match->slot_count; i++) {
        const struct span *span = &match->chosen[i];
        first = span->first < first ? span->first : first;
        last = span->last > last ? span->last : last;
    }
    bool negated = is_negated(match->haystack, match->chosen,
                              match->slot_count, first, last);
    bool wanted = false;
    switch (match->pattern->polarity) {
    case POLARITY_POSITIVE:
        wanted = !negated;
        break;
    case POLARITY_NEGATIVE:
        wanted = negated;
        for (int i = first; i <= last && !wanted; i++) {
            wanted = match->haystack->tokens[i].negation != TOKEN_PLAIN;
        }
        break;
    case POLARITY_ANY:
        wanted = true;
        break;
    }
    if (wanted || match->found == PATTERN_MISSING) {
        bool reversed =
            !wanted && match->pattern->polarity == POLARITY_POSITIVE;
        match->found = wanted     ? PATTERN_FOUND
                       : reversed ? PATTERN_REVERSED
                                  : PATTERN_MISSING;
        match->first = first;
        match->last = last;
    }
    return wanted;
}

static bool
choose(struct match *match, size_t slot)
{
    if (slot == match->slot_count) {
        return judge(match);
    }
    const struct spans *spans = &match->spans[slot];
    for (size_t i = 0; i < spans->count && match->tries < MOST_TRIES; i++) {
        match->tries++;
        if (fits(match, slot, spans->items[i])) {
            match->chosen[slot] = spans->items[i];
            if (choose(match, slot + 1)) {
                return true;
            }
        }
    }
    return false;
}

enum pattern_found
pattern_find(struct haystack *haystack, const struct pattern *pattern,
             size_t *first, size_t *last)
{
    struct slot slots[MOST_SLOTS];
    struct spans spans[MOST_SLOTS];
    struct match match = {
        .haystack = haystack, .pattern = pattern, .spans = spans};
    size_t count = split_slots(pattern->slots, slots);
    for (size_t i = 0; i < count && i < MOST_SLOTS; i++) {
        if (slots[i].optional) {
            continue;
        }
        struct spans *own = &spans[match.slot_count++];
        struct search search = {.haystack = haystack, .spans = own};
        own->count = 0;
        each_alternative(&slots[i], find_alternative, &search);
        if (own->count == 0) {
            return PATTERN_MISSING;
        }
    }
    if (match.slot_count > 0) {
        choose(&match, 0);
    }
    *first = (size_t)match.first;
    *last = (size_t)match.last;
    return match.found;
}

// --- checking --------------------------------------------------------------

static size_t
count_words(const char *phrase, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        count += phrase[i] != ' ' && (i == 0 || phrase[i - 1] == ' ');
    }
    return count;
}

/* Whether text[0, length) is in quotes, or begins with a word that is not. */
static bool
is_quoted_well(const char *text, size_t length)
{
    if (*text != '\'' && *text != '"') {
        return true;
    }
    const char *end = memchr(text + 1, *text, length - 1);
    return end != NULL && (size_t)(end - text) + 1 == length;
}

static int
check_alternative(const struct pattern *pattern, const char *text,
                  size_t length, const struct synonyms *synonyms,
                  struct error *err)
{
    if (length > 0 && *text == '@') {
        return synonyms == NULL ||
                       find_group(synonyms, text + 1, length - 1) >= 0
                   ? 0
                   : error_set(err, tr("there is no group '%.*s'"),
                               (int)length, text);
    }
    if (length > 0 && !is_quoted_well(text, length)) {
        return error_set(err, tr("the quotes of '%s' do not match"),
                         pattern->slots);
    }
    bool quoted = length > 0 && (*text == '\'' || *text == '"');
    size_t words = count_words(text + quoted, length - 2 * (size_t)quoted);
    if (words == 0 || (length == 1 && *text == '*')) {
        return error_set(err, tr("a slot of '%s' is empty"), pattern->slots);
    }
    if (words > MOST_WORDS) {
        return error_set(err, tr("a phrase of '%s' has more than %d words"),
                         pattern->slots, MOST_WORDS);
    }
    return 0;
}

static int
check_slot(const struct pattern *pattern, const struct slot *slot,
           const struct synonyms *synonyms, struct error *err)
{
    const char *end = slot->text + slot->length;
    for (const char *at = slot->text;; at++) {
        size_t length = at < end ? piece_length(at, '|') : 0;
        if (check_alternative(pattern, at, length, synonyms, err) != 0) {
            return -1;
        }
        at += length;
        if (at >= end) {
            return 0;
        }
    }
}

int
pattern_check(const struct pattern *pattern, const struct synonyms *synonyms,
              struct error *err)
{
    struct slot slots[MOST_SLOTS];
    size_t count = split_slots(pattern->slots, slots);
    size_t needed = 0;
    if (count > MOST_SLOTS) {
        return error_set(err, tr("the pattern '%s' has more than %d slots"),
                         pattern->slots, MOST_SLOTS);
    }
    for (size_t i = 0; i < count; i++) {
        needed += !slots[i].optional;
        if (check_slot(pattern, &slots[i], synonyms, err) != 0) {
            return -1;
        }
    }
    if (needed == 0) {
        return error_set(err, tr("the pattern '%s' asks for nothing"),
                         pattern->slots);
    }
    return 0;
}

struct walk {
    const struct synonyms *synonyms;
    void (*visit)(const char *, size_t, void *);
    void *data;
};

static void
walk_phrase(const struct walk *walk, const char *phrase, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t end = i;
        while (end < length && phrase[end] != ' ' && phrase[end] != '*') {
            end++;
        }
        if (end > i) {
            walk->visit(phrase + i, end - i, walk->data);
        }
        i = end + 1;
    }
}

static void
walk_alternative(const char *text, size_t length, void *data)
{
    const struct walk *walk = data;
    int group =
        *text == '@' ? find_group(walk->synonyms, text + 1, length - 1) : -1;
    if (group >= 0) {
        const struct strings *words = &walk->synonyms->groups[group].words;
        for (size_t i = 0; i < words->count; i++) {
            walk_phrase(walk, words->items[i], strlen(words->items[i]));
        }
        return;
    }
    bool quoted = length >= 2 && (*text == '\'' || *text == '"');
    walk_phrase(walk, text + quoted, length - 2 * (size_t)quoted);
}

void
pattern_words(const struct pattern *pattern, const struct synonyms *synonyms,
              void (*visit)(const char *word, size_t length, void *data),
              void *data)
{
    struct slot slots[MOST_SLOTS];
    struct walk walk = {.synonyms = synonyms, .visit = visit, .data = data};
    size_t count = split_slots(pattern->slots, slots);
    for (size_t i = 0; i < count && i < MOST_SLOTS; i++) {
        each_alternative(&slots[i], walk_alternative, &walk);
    }
}
