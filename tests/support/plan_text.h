/*
 * plan_text - a plan that a test writes down, loaded as from its file
 *
 * Header only.
 */
#ifndef SUPPORT_PLAN_TEXT_H
#define SUPPORT_PLAN_TEXT_H

#include "plan/plan.h"
#include "support/folder.h"

/** As plan_load(), of a file of this text that is gone afterwards. */
static inline int plan_text_load(const char *text, const struct plan_context *context,
                                 struct diags *diags, struct plan **out)
{
    char path[FOLDER_MAX];

    file_begin(path, text);
    int r = plan_load(path, context, diags, out);

    file_end(path);
    return r;
}

/** For AUTO(). */
static inline void plan_release(struct plan **p)
{
    plan_free(*p);
}

#endif
