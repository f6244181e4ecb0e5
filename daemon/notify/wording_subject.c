#include "notify/wording.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"

/* The one line of an item: its state, its title as far as there is room, its figure and the line whole. */

#define ENDS_WORD " ,;:"
#define HEAD_MIN  8 /* characters of a title before what tells it from another */

/* A number, or a word that wants another: "Waiting over 52" of "Waiting over 52 weeks for a diagnosis". */
static bool is_dangling(const char *word, size_t len)
{
    static const char *const words[] = { "a",    "an", "and",    "at",   "by", "for",
                                         "from", "in", "of",     "on",   "or", "per",
                                         "over", "to", "within", "with", "the" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == len && strncmp(words[i], word, len) == 0)
            return true;
    return len > 0 && strspn(word, "0123456789.") >= len;
}

/* As wording_shorten(); what is left does not end with half of something. */
static void shorten_title(struct text *title, size_t max)
{
    if (!text_ok(title) || wording_characters(text_str(title)) <= max)
        return;
    wording_shorten(title, max);
    for (char *last;
         (last = strrchr(title->buf, ' ')) && is_dangling(last + 1, strlen(last + 1));) {
        title->len = (size_t)(last - title->buf);
        title->buf[title->len] = '\0';
    }
}

/* Where a title differs from another that begins with the same words: in "Sandwell", "52 weeks". A part of the
 * title, of out_len bytes; 0: it says nothing that the other does not. */
static const char *difference(const char *title, const char *other, size_t *out_len)
{
    size_t at = 0, from = 0, len = strlen(title), other_len = strlen(other), same = 0, end = len;

    for (; title[at] && title[at] == other[at]; at++)
        if (title[at] == ' ')
            from = at + 1;
    if (strchr(ENDS_WORD, title[at]) && strchr(ENDS_WORD, other[at])) /* their NUL too */
        from = at + strspn(title + at, ENDS_WORD);
    while (len - same > from && other_len - same > from &&
           title[len - same - 1] == other[other_len - same - 1])
        if (title[len - ++same] == ' ')
            end = len - same;
    for (size_t last = end; end > from && end < len; last = end) {
        while (last > from && title[last - 1] != ' ')
            last--;
        if (!is_dangling(title + last, end - last))
            break;
        end += 1 + strcspn(title + end + 1, " ");
    }
    while (end > from && strchr(ENDS_WORD, title[end - 1]))
        end--;
    *out_len = end > from ? end - from : 0;
    return title + from;
}

/* Of the plan's measures that would be cut to the same words, by what this one differs from the nearest. */
static const char *distinction(const struct item_view *v, const char *title, const char *cut,
                               size_t *out_len)
{
    const struct plan *plan = v->item->plan ? v->item->plan : v->context->plan;
    const char *best = NULL;

    for (size_t i = 0; plan && v->measure && i < plan->measure_count; i++) {
        AUTO(text_release) struct text other = TEXT_INIT;
        size_t len;

        if (strcmp(plan->measures[i].id, v->measure->id) == 0)
            continue;
        wording_clean(&other, plan->measures[i].title, 1000, 1000);
        if (!text_ok(&other) || strncmp(text_str(&other), cut, strlen(cut)) != 0)
            continue;
        const char *found = difference(title, text_str(&other), &len);

        if (len > 0 && (!best || found > best)) {
            best = found;
            *out_len = len;
        }
    }
    return best;
}

/* As shorten_title(), but a measure that shares its beginning with another keeps what tells them apart. */
static void shorten_apart(const struct item_view *v, struct text *title, size_t max)
{
    AUTO(text_release) struct text whole = TEXT_INIT;
    size_t len = 0;

    (void)text_puts(&whole, text_str(title));
    shorten_title(title, max);
    if (!text_ok(title) || !text_ok(&whole) || title->len == whole.len)
        return;
    const char *words = distinction(v, text_str(&whole), text_str(title), &len);

    if (!words || len + strlen(", ") + HEAD_MIN > max)
        return;
    shorten_title(title, max - len - strlen(", "));
    (void)text_printf(title, ", %.*s", (int)len, words);
}

/* What stands behind the title: " 5%, plan 20%". */
static void subject_tail(const struct item_view *v, struct text *out)
{
    enum rule rule = v->item->alert->rule;
    char date[WORDING_DATE_MAX];

    if ((rule == RULE_BEHIND_PLAN || (rule == RULE_SPECIAL_CAUSE && *v->figure)) &&
        v->item->news != NEWS_WITHDRAWN) {
        bool is_figure = v->has_value || v->is_band || !*v->figure || *v->figure == '*';

        (void)text_printf(out, is_figure ? " %s" : " (%s)", v->figure);
        if (*v->line_text)
            (void)text_printf(out, ", plan %s", v->line_text);
    } else if (rule == RULE_ACTION_OVERDUE && v->action && date_is_set(v->action->due) &&
               v->item->news != NEWS_CLEARED) {
        (void)text_printf(out, ", due %s", wording_date(v->action->due, date));
    }
}

size_t wording_subject_room(const struct item_view *v, const char *lead, size_t max)
{
    AUTO(text_release) struct text tail = TEXT_INIT;
    size_t fixed;

    subject_tail(v, &tail);
    fixed = strlen(lead) + 2 + wording_characters(text_str(&tail));
    return tail.len > 0 && fixed < max ? max - fixed : 0;
}

void wording_subject(const struct item_view *v, const char *lead, size_t max, struct text *out)
{
    AUTO(text_release) struct text title = TEXT_INIT;
    AUTO(text_release) struct text tail = TEXT_INIT;
    const char *state = lead ? lead : wording_state(v);
    enum rule rule = v->item->alert->rule;
    size_t fixed;

    subject_tail(v, &tail);
    fixed = strlen(state) + 2 + wording_characters(text_str(&tail));
    /* A feed's own sentence would lose its verb when shortened: its title says which one it is. */
    bool of_feed = !rule_is_of_measure(rule) && rule != RULE_ACTION_OVERDUE;
    const char *receiver = v->item->alert->receiver;

    if (receiver)
        (void)text_puts(&title, "messages to receiver ");
    wording_clean(&title,
                  receiver             ? receiver
                  : of_feed && v->feed ? wording_feed(v)
                                       : v->title,
                  1000, 1000);
    if (rule == RULE_COVERAGE_GAP && v->org) {
        (void)text_puts(&title, " without ");
        wording_clean(&title, v->context->org_title(v->context->org_title_arg, v->org), 1000, 1000);
    }
    shorten_apart(v, &title, fixed < max ? max - fixed : 0);

    AUTO(text_release) struct text whole = TEXT_INIT;

    (void)text_printf(&whole, "%s: %s%s", state, text_str(&title), text_str(&tail));
    wording_shorten(&whole, max);
    (void)text_puts(out, text_str(&whole));
    if (!text_ok(&whole) || !text_ok(&title) || !text_ok(&tail))
        out->error = -ENOMEM;
}
