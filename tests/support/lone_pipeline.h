/*
 * lone_pipeline - as much of a pipeline as a step of it needs: a loop, its events, which do nothing, and a
 * store whose server is not there
 *
 * Header only. lone_pipeline_begin(&p); ... lone_pipeline_end(&p); what a step itself left in the pipeline
 * the test releases before.
 */
#ifndef SUPPORT_LONE_PIPELINE_H
#define SUPPORT_LONE_PIPELINE_H

#include <check.h>
#include <event2/event.h>
#include <string.h>

#include "config.h"
#include "pipeline_internal.h"
#include "support/folder.h"
#include "support/lone_store.h"

static inline void lone_pipeline_on_event(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
}

static inline void lone_pipeline_begin(struct pipeline *p)
{
    memset(p, 0, sizeof *p);
    p->base = event_base_new();
    ck_assert_ptr_nonnull(p->base);
    p->wake = event_new(p->base, -1, 0, lone_pipeline_on_event, NULL);
    p->retry = event_new(p->base, -1, 0, lone_pipeline_on_event, NULL);
    p->store = lone_store(p->base);
    ck_assert(p->wake && p->retry);
    p->loaded = true;
    p->evaluated_on = p->findings_of = DATE_NONE;
}

/** The store may be gone before. */
static inline void lone_pipeline_end(struct pipeline *p)
{
    if (p->store)
        store_free(p->store);
    event_free(p->wake);
    event_free(p->retry);
    event_base_free(p->base);
}

/** Reads waitlistd.yaml of that folder, which holds no error; for config_free(). */
static inline void lone_pipeline_config(struct pipeline *p, const char *folder)
{
    struct diags diags = DIAGS_INIT;
    char path[FOLDER_MAX + 32];

    (void)snprintf(path, sizeof path, "%s/waitlistd.yaml", folder);
    int r = config_load(path, "config", &diags, &p->config);

    if (r < 0)
        diags_print(&diags, stderr);
    diags_release(&diags);
    ck_assert_int_eq(r, 0);
}

#endif
