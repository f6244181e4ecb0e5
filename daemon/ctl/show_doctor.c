#include <string.h>

#include "base/auto.h"
#include "ctl/show_internal.h"

static const char *coloured(const char *level)
{
    return strcmp(level, "fail") == 0 ? "\033[31m" : strcmp(level, "warn") == 0 ? "\033[33m" : "";
}

/* "fail  tls  receiver mail: what", and below it what mends it. */
static void show_line(const json_t *line, const struct view *v)
{
    const char *level = show_string(line, "level"), *mend = show_string(line, "mend");
    const char *colour = v->colour ? coloured(level) : "";

    (void)text_printf(v->out, "%s%-4s%s  %-13s ", colour, level, *colour ? "\033[0m" : "",
                      show_string(line, "check"));
    (void)output_escaped(v->out, show_string(line, "subject"));
    (void)text_puts(v->out, ": ");
    (void)output_escaped(v->out, show_string(line, "what"));
    (void)text_putc(v->out, '\n');
    if (!json_is_string(json_object_get(line, "mend")))
        return;
    (void)text_puts(v->out, "      mend: ");
    (void)output_escaped(v->out, mend);
    (void)text_putc(v->out, '\n');
}

int show_doctor(const json_t *report, const struct view *v)
{
    const json_t *checks = json_object_get(report, "checks");

    for (size_t i = 0; i < json_array_size(checks); i++)
        show_line(json_array_get(checks, i), v);
    return text_printf(v->out, "%lld ok, %lld warn, %lld fail\n",
                       (long long)json_integer_value(json_object_get(report, "ok")),
                       (long long)json_integer_value(json_object_get(report, "warn")),
                       (long long)json_integer_value(json_object_get(report, "fail")));
}
