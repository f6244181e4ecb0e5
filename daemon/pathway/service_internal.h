/*
 * service_internal - what service.c (asking) and service_yaml.c (reading) share
 */
#ifndef PATHWAY_SERVICE_INTERNAL_H
#define PATHWAY_SERVICE_INTERNAL_H

#include "pathway/service.h"

#define PATHWAY_CLOCK "pathway" /* the id of clock 0 */

struct services {
    struct service *list;
    size_t count;
};

#endif
