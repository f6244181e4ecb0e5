/*
 * compose_once - one composed message on standard output, for tests that read it with another's
 * parser
 *
 *     compose_once eml|json [title=...] [org=...] [name=...] [priority=...] [action=...] [also=...]
 * [items=N] [recipient=...] [from=...] [news=N] [published=0] [illustrative=1]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/message_fixture.h"

int main(int argc, char **argv)
{
    static struct message_fixture f;
    struct message m = { .severity = SEVERITY_NONE };
    bool eml = argc > 1 && strcmp(argv[1], "eml") == 0;
    int r;

    fixture_init(&f);
    for (int i = 2; i < argc; i++) {
        char *value = strchr(argv[i], '=');

        if (!value)
            return 2;
        *value++ = '\0';
        if (strcmp(argv[i], "title") == 0)
            f.finding.title = f.alert.title = f.measure.title = value;
        else if (strcmp(argv[i], "org") == 0)
            f.org_title = value;
        else if (strcmp(argv[i], "name") == 0)
            f.context.recipient_name = value;
        else if (strcmp(argv[i], "priority") == 0)
            f.priority.title = value;
        else if (strcmp(argv[i], "action") == 0)
            f.action.title = value;
        else if (strcmp(argv[i], "also") == 0)
            f.context.also_told = value;
        else if (strcmp(argv[i], "recipient") == 0)
            f.context.recipient = value;
        else if (strcmp(argv[i], "from") == 0)
            f.context.from = value;
        else if (strcmp(argv[i], "items") == 0)
            f.context.item_count = strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "news") == 0)
            f.items[0].news = (enum alert_news)strtol(value, NULL, 10);
        else if (strcmp(argv[i], "published") == 0)
            f.published = *value != '0';
        else if (strcmp(argv[i], "illustrative") == 0)
            f.plan.illustrative = *value != '0';
        else
            return 2;
    }
    if (f.context.item_count == 0 || f.context.item_count > FIXTURE_ITEMS_MAX)
        return 2;
    r = message_compose(&f.context, eml, !eml, &m);
    if (r < 0) {
        fprintf(stderr, "%s\n", strerror(-r));
        return 1;
    }
    fputs(eml ? m.eml : m.json, stdout);
    message_release(&m);
    return 0;
}
