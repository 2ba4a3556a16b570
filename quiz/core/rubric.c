/* The answer becomes tokens; typing mistakes are mended towards the words that
 * the rubric knows; every key point and misconception is looked for by its
 * patterns; what was found becomes a level (0 to 4):
 *
 *   share = (essential weight found + half the optional weight found)
 *           / essential weight, at most 1
 *   level = 4 * min(1, share / full_at)
 *           - 1 per major, 1/2 per minor misconception held, at most 2
 *           + at most 1/2 for likeness to the model answer, if a point was
 *             found
 *
 * A list of terms without sentences gets at most level 1, a refusal or an echo
 * of the question 0. Length never counts. */
#include "quiz/core/rubric.h"

#include <stdlib.h>
#include <string.h>

#include "quiz/core/arena.h"
#include "quiz/core/error.h"
#include "quiz/core/pattern.h"
#include "quiz/core/question.h"
#include "quiz/core/synonyms.h"
#include "quiz/core/words.h"
#include "quiz/core/xalloc.h"

enum {
    ANSWER_BYTES = 8 * 1024
};

struct scorer {
    const struct synonyms *synonyms;
};

struct scorer *
scorer_new(const struct synonyms *synonyms)
{
    struct scorer *scorer = xmalloc(sizeof(*scorer));
    scorer->synonyms = synonyms;
    return scorer;
}

void
scorer_free(struct scorer *scorer)
{
    if (scorer != NULL) {
        words_release();
        free(scorer);
    }
}

void
assessment_release(struct assessment *assessment)
{
    free(assessment->points);
    free(assessment->misconceptions);
    *assessment = (struct assessment){0};
}

// --- what the rubric knows -------------------------------------------------

struct vocabulary {
    struct arena *arena;
    const char **words;
    size_t count, capacity;
};

static void
add_word(const char *word, size_t length, void *data)
{
    struct vocabulary *vocabulary = data;
    char *folded = words_fold(word, length);
    for (size_t i = 0; i < vocabulary->count; i++) {
        if (strcmp(vocabulary->words[i], folded) == 0) {
            free(folded);
            return;
        }
    }
    if (vocabulary->count == vocabulary->capacity) {
        vocabulary->capacity = vocabulary->capacity * 2 + 256;
        vocabulary->words = xreallocarray(
            vocabulary->words, vocabulary->capacity, sizeof(char *));
    }
    vocabulary->words[vocabulary->count++] =
        arena_string(vocabulary->arena, folded, strlen(folded));
    free(folded);
}

static void
add_patterns(struct vocabulary *vocabulary, const struct patterns *patterns,
             const struct synonyms *synonyms)
{
    for (size_t i = 0; i < patterns->count; i++) {
        pattern_words(&patterns->items[i], synonyms, add_word, vocabulary);
    }
}

// --- finding ---------------------------------------------------------------

/* Everything about one answer that the steps below share. */
struct work {
    struct arena *arena;
    const struct rubric *rubric;
    struct tokens tokens;
    struct haystack *haystack;
    struct vocabulary vocabulary;
    struct assessment *assessment;
};

static enum pattern_found
find_any(const struct work *work, const struct patterns *patterns,
         size_t *first, size_t *last)
{
    enum pattern_found best = PATTERN_MISSING;
    for (size_t i = 0; i < patterns->count && best != PATTERN_FOUND; i++) {
        size_t from = 0;
        size_t to = 0;
        enum pattern_found found =
            pattern_find(work->haystack, &patterns->items[i], &from, &to);
        if (found == PATTERN_FOUND || best == PATTERN_MISSING) {
            best = found;
            *first = from;
            *last = to;
        }
    }
    return best;
}

static void
find_points(struct work *work)
{
    static const enum finding FINDINGS[] = {
        [PATTERN_MISSING] = FINDING_MISSING,
        [PATTERN_FOUND] = FINDING_FOUND,
        [PATTERN_REVERSED] = FINDING_CONTRADICTED};
    for (size_t i = 0; i < work->rubric->key_point_count; i++) {
        struct point_result *point = &work->assessment->points[i];
        size_t first = 0;
        size_t last = 0;
        enum pattern_found found =
            find_any(work, &work->rubric->key_points[i].match, &first, &last);
        point->finding = FINDINGS[found];
        if (found != PATTERN_MISSING) {
            point->from = work->tokens.items[first].from;
            point->to = work->tokens.items[last].to;
        }
    }
}

/* Whether the claim is put into other people's mouths: "many think that", "it
 * is tempting to say". Looked for in the sentence up to the claim. */
static bool
is_reported(const struct work *work, size_t first)
{
    static const char *const VERBS[] = {
        "think",       "thinks",        "believe",  "believes", "assume",
        "assumes",     "myth",          "tempting", "claim",    "claims",
        "supposedly",  "misconception", "mistake",  "думают",   "считают",
        "полагают",    "говорят",       "мол",      "якобы",    "миф",
        "заблуждение", "кажется",       "ошибка",   "ошибочно", NULL};
    static const char *const OWN[] = {"i", "we", "я", "мы", NULL};
    const struct token *tokens = work->tokens.items;
    for (size_t i = first;
         i-- > 0 && tokens[i].sentence == tokens[first].sentence;) {
        for (const char *const *verb = VERBS; *verb != NULL; verb++) {
            bool own = false;
            for (const char *const *word = OWN; i > 0 && *word != NULL;
                 word++) {
                own |= strcmp(tokens[i - 1].word, *word) == 0;
            }
            if (strcmp(tokens[i].word, *verb) == 0 && !own) {
                return true;
            }
        }
    }
    return false;
}

static void
find_misconceptions(struct work *work)
{
    for (size_t i = 0; i < work->rubric->misconception_count; i++) {
        struct misconception_result *result =
            &work->assessment->misconceptions[i];
        size_t first = 0;
        size_t last = 0;
        if (find_any(work, &work->rubric->misconceptions[i].match, &first,
                     &last) == PATTERN_FOUND &&
            !is_reported(work, first)) {
            result->held = true;
            result->from = work->tokens.items[first].from;
            result->to = work->tokens.items[last].to;
        }
    }
}

/* A misconception takes the points that it reverses away. */
static void
exclude_points(struct work *work)
{
    const struct rubric *rubric = work->rubric;
    for (size_t i = 0; i < rubric->misconception_count; i++) {
        const struct strings *excludes = &rubric->misconceptions[i].excludes;
        for (size_t e = 0;
             work->assessment->misconceptions[i].held && e < excludes->count;
             e++) {
            for (size_t p = 0; p < rubric->key_point_count; p++) {
                if (strcmp(rubric->key_points[p].id, excludes->items[e]) ==
                    0) {
                    work->assessment->points[p].finding = FINDING_CONTRADICTED;
                }
            }
        }
    }
}

// --- guards ----------------------------------------------------------------

static size_t
count_content(const struct tokens *tokens)
{
    size_t count = 0;
    for (size_t i = 0; i < tokens->count; i++) {
        count += !tokens->items[i].is_function;
    }
    return count;
}

/* Terms in a row are no answer; short notes with arrows are. */
static bool
is_keyword_list(const struct tokens *tokens)
{
    enum {
        LEAST = 12,
        SHORT_NOTE = 40
    };
    size_t functions = tokens->count - count_content(tokens);
    bool note = tokens->count < SHORT_NOTE && tokens->relations >= 2;
    return tokens->count >= LEAST && !note && functions * 10 < tokens->count;
}

static bool
is_refusal(struct arena *arena, const struct tokens *tokens)
{
    static const char *const PATTERNS[] = {
        "\"don't know\"|'dont know'|'not know'|'no idea'|'not sure'",
        "'не знаю'|'не помню'|'понятия не'|'без понятия'|'не могу'"};
    if (tokens->count > 10) {
        return false;
    }
    struct haystack *haystack = haystack_new(arena, tokens, NULL);
    for (size_t i = 0; i < 2; i++) {
        const struct pattern pattern = {
            .slots = PATTERNS[i], .window = 10, .polarity = POLARITY_ANY};
        size_t first = 0;
        size_t last = 0;
        if (pattern_find(haystack, &pattern, &first, &last) == PATTERN_FOUND) {
            return true;
        }
    }
    return false;
}

static bool
holds_word(const struct tokens *tokens, const struct token *wanted)
{
    for (size_t i = 0; i < tokens->count; i++) {
        const struct token *token = &tokens->items[i];
        for (int k = 0; k < TOKEN_KEYS && wanted->keys[k] != NULL; k++) {
            if (token_has_key(token, wanted->keys[k])) {
                return true;
            }
        }
    }
    return false;
}

/* Words that count and that the question did not already say. */
static size_t
count_new_words(const struct work *work, const struct tokens *asked)
{
    size_t count = 0;
    for (size_t i = 0; i < work->tokens.count; i++) {
        const struct token *token = &work->tokens.items[i];
        count += !token->is_function && !holds_word(asked, token);
    }
    return count;
}

/* The share of the model answer's words (those of the question left out) that
 * the answer has. */
static double
likeness(const struct work *work, const struct tokens *model,
         const struct tokens *asked)
{
    size_t all = 0;
    size_t common = 0;
    for (size_t i = 0; i < model->count; i++) {
        const struct token *token = &model->items[i];
        if (!token->is_function && !holds_word(asked, token)) {
            all++;
            common += holds_word(&work->tokens, token);
        }
    }
    return all == 0 ? 0 : (double)common / (double)all;
}

/* Whether too little of a long answer was understood to judge it. */
static bool
is_unrecognised(const struct work *work)
{
    enum {
        LEAST = 25
    };
    size_t known = 0;
    size_t content = 0;
    for (size_t i = 0; i < work->tokens.count; i++) {
        const struct token *token = &work->tokens.items[i];
        if (token->is_function) {
            continue;
        }
        content++;
        bool found = false;
        for (size_t w = 0; !found && w < work->vocabulary.count; w++) {
            const char *word = work->vocabulary.words[w];
            found = token_has_key(token, word) ||
                    (strlen(word) >= 6 &&
                     strncmp(token->word, word, strlen(word)) == 0);
        }
        known += found;
    }
    return work->tokens.count > LEAST && known * 4 < content;
}

// --- the level -------------------------------------------------------------

static double
level_of(const struct work *work, double like)
{
    const struct rubric *rubric = work->rubric;
    const struct assessment *assessment = work->assessment;
    double essential = 0;
    double found = 0;
    double penalty = 0;
    bool any = false;
    for (size_t i = 0; i < rubric->key_point_count; i++) {
        const struct key_point *point = &rubric->key_points[i];
        bool has = assessment->points[i].finding == FINDING_FOUND;
        essential += point->essential ? point->weight : 0;
        found += has ? point->weight * (point->essential ? 1.0 : 0.5) : 0;
        any |= has;
    }
    for (size_t i = 0; i < rubric->misconception_count; i++) {
        if (assessment->misconceptions[i].held) {
            penalty += rubric->misconceptions[i].major ? 1 : 0.5;
        }
    }
    double share = found / essential;
    share = share > 1 ? 1 : share;
    double level = 4 * share / rubric->full_at;
    level = level > 4 ? 4 : level;
    double lift = any && like > 0.5 ? like - 0.5 : 0;
    level += penalty > 0 ? 0 : lift;
    level = level > 4 ? 4 : level;
    level -= penalty > 2 ? 2 : penalty;
    return level < 0 ? 0 : level;
}

static int
check_rubric(const struct rubric *rubric, const struct synonyms *synonyms,
             struct error *err)
{
    for (size_t i = 0; i < rubric->key_point_count; i++) {
        const struct patterns *match = &rubric->key_points[i].match;
        for (size_t p = 0; p < match->count; p++) {
            if (pattern_check(&match->items[p], synonyms, err) != 0) {
                return -1;
            }
        }
    }
    for (size_t i = 0; i < rubric->misconception_count; i++) {
        const struct patterns *match = &rubric->misconceptions[i].match;
        for (size_t p = 0; p < match->count; p++) {
            if (pattern_check(&match->items[p], synonyms, err) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

static struct tokens
tokens_of_string(struct arena *arena, const char *string)
{
    return tokens_of(arena, string, strlen(string));
}

static void
assess(struct work *work, const struct scorer *scorer,
       const struct question *question, enum lang lang)
{
    struct assessment *assessment = work->assessment;
    struct tokens asked =
        tokens_of_string(work->arena, question->ask.in[lang]);
    struct tokens model =
        tokens_of_string(work->arena, question->open.model_short.in[lang]);
    for (size_t i = 0; i < work->rubric->key_point_count; i++) {
        add_patterns(&work->vocabulary, &work->rubric->key_points[i].match,
                     scorer->synonyms);
    }
    for (size_t i = 0; i < work->rubric->misconception_count; i++) {
        add_patterns(&work->vocabulary, &work->rubric->misconceptions[i].match,
                     scorer->synonyms);
    }
    work->haystack =
        haystack_new(work->arena, &work->tokens, scorer->synonyms);
    find_misconceptions(work); // before typos are mended: no doubtful blame
    haystack_mend_typos(work->haystack, work->vocabulary.words,
                        work->vocabulary.count);
    find_points(work);
    exclude_points(work);
    assessment->level = level_of(work, likeness(work, &model, &asked));
    assessment->keyword_list = is_keyword_list(&work->tokens);
    if (assessment->keyword_list && assessment->level > 1) {
        assessment->level = 1;
    }
    if (is_refusal(work->arena, &work->tokens) ||
        count_new_words(work, &asked) < 3) {
        assessment->level = 0;
    }
    assessment->unrecognised = is_unrecognised(work);
    assessment->score = assessment->level / 4;
}

int
scorer_assess(struct scorer *scorer, const struct question *question,
              enum lang lang, const char *text, struct assessment *assessment,
              struct error *err)
{
    const struct rubric *rubric = &question->open.rubric;
    if (check_rubric(rubric, scorer->synonyms, err) != 0) {
        return -1;
    }
    struct arena *arena = arena_new();
    size_t length = strnlen(text, ANSWER_BYTES);
    *assessment = (struct assessment){
        .points =
            xcalloc(rubric->key_point_count, sizeof(*assessment->points)),
        .misconceptions = xcalloc(rubric->misconception_count,
                                  sizeof(*assessment->misconceptions)),
        .point_count = rubric->key_point_count,
        .misconception_count = rubric->misconception_count};
    struct work work = {.arena = arena,
                        .rubric = rubric,
                        .tokens = tokens_of(arena, text, length),
                        .vocabulary = {.arena = arena},
                        .assessment = assessment};
    assess(&work, scorer, question, lang);
    free(work.vocabulary.words);
    arena_free(arena);
    return 0;
}
