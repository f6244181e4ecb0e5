#include "parse/pattern.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "parse/value.h"

bool pattern_is_formed(const char *pattern)
{
    const char *hole = strstr(pattern, "{}");

    return *pattern && (!hole || !strstr(hole + 2, "{}"));
}

/* Single blanks; en and em dashes and the minus sign become '-', so that "0–1" is "0-1". */
static void normalise(const char *text, char out[PATTERN_TEXT_MAX])
{
    char *to = value_single_space(text, out, PATTERN_TEXT_MAX);

    for (const char *s = out; *s;) {
        const unsigned char *u = (const unsigned char *)s;

        if (u[0] == 0xE2 &&
            ((u[1] == 0x80 && u[2] >= 0x90 && u[2] <= 0x95) || (u[1] == 0x88 && u[2] == 0x92))) {
            *to++ = '-';
            s += 3;
        } else {
            *to++ = *s++;
        }
    }
    *to = '\0';
}

static bool like_slice(const char *glob, const char *text, size_t from, size_t to)
{
    char slice[PATTERN_TEXT_MAX];

    memcpy(slice, text + from, to - from);
    slice[to - from] = '\0';
    return text_like(glob, slice);
}

static bool all_digits(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)s[i]))
            return false;
    }
    return len > 0;
}

bool pattern_find(const char *pattern, const char *text, bool digits, char out[PATTERN_TEXT_MAX])
{
    char norm[PATTERN_TEXT_MAX], left[PATTERN_TEXT_MAX];
    const char *hole = strstr(pattern, "{}");

    out[0] = '\0';
    if (strlen(pattern) >= sizeof left)
        return false;
    normalise(text, norm);
    if (!hole)
        return text_like(pattern, norm);
    memcpy(left, pattern, (size_t)(hole - pattern));
    left[hole - pattern] = '\0';
    size_t len = strlen(norm);

    /* The shortest text before {}, then the shortest text in it. */
    for (size_t i = 0; i < len; i++) {
        if (!like_slice(left, norm, 0, i))
            continue;
        for (size_t j = i + 1; j <= len; j++) {
            if ((digits && !all_digits(norm + i, j - i)) || !like_slice(hole + 2, norm, j, len))
                continue;
            memcpy(out, norm + i, j - i);
            out[j - i] = '\0';
            text_single_space(out);
            return true;
        }
    }
    return false;
}

/* Joins three slices; what is beyond the ceiling is left out. out may not be one of them. */
static void join(char out[PATTERN_TEXT_MAX], const char *first, size_t first_len,
                 const char *second, const char *third)
{
    const struct {
        const char *s;
        size_t len;
    } slices[] = { { first, first_len }, { second, strlen(second) }, { third, strlen(third) } };
    size_t to = 0;

    for (size_t i = 0; i < sizeof slices / sizeof slices[0]; i++) {
        size_t room = PATTERN_TEXT_MAX - 1 - to;
        size_t n = slices[i].len < room ? slices[i].len : room;

        memcpy(out + to, slices[i].s, n);
        to += n;
    }
    out[to] = '\0';
}

static void replace(char text[PATTERN_TEXT_MAX], const char *from, const char *to)
{
    char copy[PATTERN_TEXT_MAX];
    char *at = *from ? strcasestr(text, from) : NULL;

    if (!at)
        return;
    join(copy, text, (size_t)(at - text), to, at + strlen(from));
    memcpy(text, copy, sizeof copy);
}

bool pattern_apply(const struct pattern_rule *rules, size_t count, const char *text,
                   char out[PATTERN_TEXT_MAX])
{
    char found[PATTERN_TEXT_MAX];

    for (size_t i = 0; i < count; i++) {
        if (!pattern_find(rules[i].like, text, false, found))
            continue;
        const char *give = rules[i].give ? rules[i].give : "{}";
        const char *hole = strstr(give, "{}");

        for (size_t k = 0; k < rules[i].replacements; k++)
            replace(found, rules[i].from[k], rules[i].to[k]);
        if (hole)
            join(out, give, (size_t)(hole - give), found, hole + 2);
        else
            join(out, give, strlen(give), "", "");
        return true;
    }
    return false;
}

void pattern_rules_free(struct pattern_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(rules[i].like);
        free(rules[i].give);
        for (size_t k = 0; k < rules[i].replacements; k++) {
            free(rules[i].from[k]);
            free(rules[i].to[k]);
        }
        free(rules[i].from);
        free(rules[i].to);
    }
    free(rules);
}
