#include "ctl/cmd_doctor.h"

#include <stdio.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/datadir.h"
#include "ctl/ctl_protocol.h"
#include "doctor/doctor.h"

int cmd_doctor(const char *config, const char *why, json_t **out_report, bool *out_is_hanging)
{
    const struct doctor_question q = { .config = config,
                                       .datadir = datadir_find(),
                                       .today = DATE_NONE };
    json_t *lines = NULL;
    bool is_unreadable = false;
    char words[400];

    *out_report = NULL;
    *out_is_hanging = false;
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    (void)snprintf(words, sizeof words,
                   "%s; what follows was looked at without it, with the rights of user %ld", why,
                   (long)geteuid());
    int r = doctor_look(&q, &lines, &is_unreadable, out_is_hanging);

    if (r == 0 && json_array_insert_new(lines, 0,
                                        doctor_line(DOCTOR_FAIL, "daemon", config,
                                                    "systemctl start waitlistd", words)) == 0)
        *out_report = doctor_report(lines);
    else
        json_decref(lines);
    return is_unreadable ? CTL_CONFIG : CTL_UNREACHABLE;
}
