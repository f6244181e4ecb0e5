#include "notify/forum_notice.h"

#include <errno.h>

#include "notify/wording.h"

#define SUBJECT_MAX 60
#define LINES_MAX   12 /* with a command each: 350 words before any table (DESIGN section 10) */

static void say_item(const struct forum_due *due, const struct forum_item *item, struct text *out)
{
    char date[WORDING_DATE_MAX];

    (void)text_puts(out, "\n- ");
    wording_clean(out, item->measure->title, 120, 18);
    (void)text_printf(out, ": red, behind plan since %s\n",
                      wording_date(item->episode->opened, date));
    if (due->news == FORUM_ASKS) {
        (void)text_puts(out, "  waitlistctl commentary ");
        wording_clean(out, item->measure->id, 64, 1);
        (void)text_puts(out, " --text \"...\"\n");
    } else {
        (void)text_puts(out, "  asked of: ");
        wording_clean(out, item->measure->owner ? item->measure->owner : "ops", 80, 8);
        (void)text_putc(out, '\n');
    }
}

static void say_subject(const struct forum_due *due, struct text *out)
{
    char date[WORDING_DATE_MAX];

    (void)text_printf(
        out, "%s %s: ", due->news == FORUM_ASKS ? "Commentary by" : "No commentary, papers due",
        wording_date(due->papers, date));
    wording_clean(out, due->forum->title, SUBJECT_MAX, 12);
    if (wording_characters(text_str(out)) > SUBJECT_MAX)
        wording_shorten(out, SUBJECT_MAX);
}

static void say_begin(const struct forum_due *due, struct text *out)
{
    char date[WORDING_DATE_MAX];

    wording_clean(out, due->forum->title, 120, 18);
    (void)text_printf(out, " meets on %s; ", wording_date(due->meeting->on, date));
    (void)text_printf(out, "its papers are due by %s. Plan: ", wording_date(due->papers, date));
    wording_clean(out, due->plan->title ? due->plan->title : due->plan->id, 80, 12);
    (void)text_printf(out, "%s.\n\n", due->plan->illustrative ? " (ILLUSTRATIVE: invented)" : "");
    (void)text_puts(out, due->news == FORUM_ASKS
                             ? "These measures are red. It will ask what is being done, and by "
                               "when they will be back on plan:\n"
                             : "These measures are red, a commentary was asked for, and none was "
                               "given:\n");
}

int forum_words(const struct forum_due *due, const bool *concerns, struct text *out_subject,
                struct text *out_body)
{
    size_t lines = 0;

    say_subject(due, out_subject);
    say_begin(due, out_body);
    for (size_t i = 0; i < due->count; i++)
        if (concerns[i] && ++lines <= LINES_MAX)
            say_item(due, &due->items[i], out_body);
    if (lines > LINES_MAX)
        (void)text_printf(out_body, "\nand %zu more: \"waitlistctl alerts\"\n", lines - LINES_MAX);
    (void)text_puts(
        out_body, due->news == FORUM_ASKS
                      ? "\nWhat to do: answer each in a sentence or two with its command, "
                        "without anything of a single child. The accountable officer is "
                        "told on the day on which papers are due where none was given.\n"
                      : "\nWhat to do: ask for it, or give one yourself: \"waitlistctl commentary "
                        "MEASURE --text TEXT\".\n");
    (void)text_puts(out_body, "\nFor service oversight; not for deciding any child's care.\n");
    return text_ok(out_subject) && text_ok(out_body) ? 0 : -ENOMEM;
}
