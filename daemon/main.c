/*
 * waitlistd - watches waiting-list feeds against an action plan and tells the owners
 *
 * A map of the modules, in the order in which data flows (include arrows point left):
 *
 *   base/      words all share: date, clock, text, table, diag, log, digest, file; a second thread
 *              (helper); working days and hours of people (workdays, hours)
 *   yaml/      text to documents whose every node knows its line and column; tables of keys
 *   settings/  waitlistd.yaml, people, organisations
 *   parse/     bytes to records, by a mapping file (config/formats): csv, value, format, parser
 *   pathway/   how long a wait is; the clocks of each service; who waits on a list; counts of clocks
 *   metric/    series: every version of every period; when a feed is due; waits, bands, SPC, queues,
 *              forecast (of what was: forecast_past; how flows move: flow_level; who is next: wait_queue)
 *   plan/      plan.yaml, standards.yaml; the line of a day (line), how far from it (gap), its words
 *              (target_words, watch_words); what a new version changes (plan_diff), what became softer
 *              ever (plan_ledger); who hears when red lasts (plan_escalate); series and plan to findings
 *              (judge, evaluate)
 *   alert/     findings to alerts: one table of transitions, folded over data periods; what people said of
 *              them (workflow); red that lasts (step_insist); papers of forums (forum_due)
 *   outbox/    desired minus told: which messages are due, and when (timing); digests, pace, when to
 *              try again
 *   notify/    wording; what an audience may be shown beside what it was shown (release), asked for in
 *              told; the points before and what stands beside a figure (history, details), a chart of
 *              them (chart); text and HTML of one source (surfaces, body, mail); notices that are no
 *              alert's (*_notice, late_feed); spool, webhook, email, a channel's cards, an
 *              Alertmanager's alerts (deliver)
 *   feed/      EDGE inbox; a spool for what is posted or fetched, who may post; a file's content,
 *              its rows by a thread, its hash by either
 *   store/     EDGE archive, journals, the books in memory and in Redis
 *   loop/      EDGE libevent, libcurl, the HTTP server, hiredis, the embedded Redis server, systemd
 *   doctor/    EDGE whether folders, credentials, servers, Redis, clock and calendar are as they must be
 *   ctl/       EDGE the control socket and waitlistctl; reports as JSON, tables, CSV; a command that is
 *              more than a question has its cmd_*, of which plan test and backtest run a simulator
 *   config.c   settings + formats + plans as one checked whole
 *   simulation settings that touch nothing of their owner's, for plan test and backtest
 *   pipeline*  passes each stage's result to the next; pipeline_internal.h names each file's part
 *
 * Start reading at pipeline.h, then alert/alert.h and its table. The test of x/y.c is
 * tests/unit/x/test_y.c, or that of its family (evaluate_guard.c: test_evaluate.c; what reads a plan:
 * test_plan_*.c); of a command (cmd_plan_test.c: test_plan_test.py) and of what goes through several files
 * (pipeline_golive.c: test_golive.py), tests/scenario/.
 */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>
#include <event2/event.h>

#include "base/datadir.h"
#include "base/json_text.h"
#include "base/log.h"
#include "doctor/doctor.h"
#include "pipeline.h"

#define EXIT_USAGE  2
#define EXIT_CONFIG 78 /* EX_CONFIG of sysexits.h */

static const char usage[] =
    "usage: waitlistd [--config FILE] [--once] [--at YYYY-MM-DD[Thh:mm]] [--check]\n"
    "       waitlistd [--config FILE] --doctor [--at YYYY-MM-DD[Thh:mm]]\n"
    "       waitlistd [--config FILE] --simulate FOLDER --at YYYY-MM-DD [--plan FILE] [--live]"
    " [--history | --known]\n"
    "\n"
    "  --config FILE  settings; default /etc/waitlistd/waitlistd.yaml\n"
    "  --once         take what lies in the inboxes, evaluate, try each delivery once, exit\n"
    "  --at WHEN      the local time from which the clock runs on (12:00 when only a date is "
    "given)\n"
    "  --check        read settings, formats and plans, report every error, exit 0 or 78\n"
    "  --doctor       what waitlistctl doctor asks for, as JSON, with the rights of this process\n"
    "  --simulate FOLDER  a run for waitlistctl plan test and backtest, which keeps all it has in\n"
    "                 FOLDER and tells nobody: --plan in the place of the settings' plans, --live\n"
    "                 also in rehearsal, --history what the instance received comes again, "
    "--known\n"
    "                 what the instance knew at the end of that date\n"
    "  --version, --help\n";

struct arguments {
    const char *config, *at;
    bool once, check, doctor;
    struct simulation_options simulation;
};

#define WARNINGS_SHOWN 3 /* of a start; --check shows all */

/* Errors are told whole; many warnings at each start would hide what is new in the log. */
static void say_found(const struct arguments *a, const struct diags *found)
{
    if (a->check || found->errors || found->count <= WARNINGS_SHOWN)
        diags_print(found, stderr);
    else
        log_warning("main", "%zu warnings about settings and plans: waitlistd --config %s --check",
                    found->count, a->config);
}

/* Returns -1 to go on, or an exit status. */
static int read_arguments(int argc, char **argv, struct arguments *a)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "once", no_argument, NULL, 'o' },
        { "at", required_argument, NULL, 'a' },
        { "check", no_argument, NULL, 'k' },
        { "doctor", no_argument, NULL, 'd' },
        { "simulate", required_argument, NULL, 's' },
        { "plan", required_argument, NULL, 'p' },
        { "live", no_argument, NULL, 'l' },
        { "history", no_argument, NULL, 'i' },
        { "known", no_argument, NULL, 'n' },
        { "version", no_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };

    *a = (struct arguments){ .config = "/etc/waitlistd/waitlistd.yaml" };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            a->config = optarg;
            break;
        case 'o':
            a->once = true;
            break;
        case 'a':
            a->at = optarg;
            break;
        case 'k':
            a->check = true;
            break;
        case 'd':
            a->doctor = true;
            break;
        case 's':
            a->simulation.folder = optarg;
            break;
        case 'p':
            a->simulation.plan = optarg;
            break;
        case 'l':
            a->simulation.is_live = true;
            break;
        case 'i':
            a->simulation.has_history = true;
            break;
        case 'n':
            a->simulation.is_past = true;
            break;
        case 'v':
            (void)printf("waitlistd %s\n", WAITLISTD_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            (void)fputs(usage, stdout);
            return EXIT_SUCCESS;
        default:
            (void)fputs(usage, stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "waitlistd: unexpected argument: %s\n%s", argv[optind], usage);
        return EXIT_USAGE;
    }
    const struct simulation_options *s = &a->simulation;

    if (s->folder ? s->folder[0] != '/' || !a->at || a->once || a->check
                  : s->plan || s->is_live || s->has_history || s->is_past) {
        (void)fprintf(stderr, "waitlistd: a simulation wants --simulate with an absolute path, and "
                              "--at, and neither --once nor --check\n");
        return EXIT_USAGE;
    }
    return -1;
}

static int run(const struct arguments *a, struct config *config)
{
    struct pipeline_options options = { .config_path = a->config,
                                        .datadir = datadir_find(),
                                        .once = a->once,
                                        .is_simulated = a->simulation.folder != NULL,
                                        .has_history = a->simulation.has_history,
                                        .is_past = a->simulation.is_past };
    struct pipeline *p = NULL;

    if (a->at) {
        if (clock_parse_at(a->at, &options.at) < 0) {
            (void)fprintf(stderr, "waitlistd: --at %s: give YYYY-MM-DD or YYYY-MM-DDThh:mm\n",
                          a->at);
            config_free(config);
            return EXIT_USAGE;
        }
        options.at_given = true;
    }
    struct event_base *base = event_base_new();

    if (!base) {
        config_free(config);
        return EXIT_FAILURE;
    }
    int status = pipeline_open(base, config, &options, &p);

    if (status == 0) {
        status = pipeline_run(p);
        pipeline_close(p);
    }
    event_base_free(base);
    return status;
}

/* --doctor, as the daemon has it run: it is there, and ends with its parent. Returns the exit status. */
static int consult(const struct arguments *a)
{
    struct doctor_question q = {
        .config = a->config, .datadir = datadir_find(), .today = DATE_NONE, .is_running = true
    };
    bool is_unreadable = false, is_hanging = false;
    struct wall_time at;
    json_t *lines = NULL;
    char *text = NULL;

    if (a->at && clock_parse_at(a->at, &at) == 0)
        q.today = wall_date(at);
    int r = prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? -errno : 0;

    if (r == 0)
        r = doctor_look(&q, &lines, &is_unreadable, &is_hanging);
    if (r == 0)
        text = json_text(lines, JSON_COMPACT);
    if (r == 0 && (!text || puts(text) == EOF || fflush(stdout) != 0))
        r = -EIO;
    if (r == 0 && is_hanging)
        _exit(EXIT_SUCCESS);
    free(text);
    json_decref(lines);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --check. Returns the exit status. */
static int print_summary(const char *path, const struct config *config)
{
    char *summary = config_summary(config);

    if (summary)
        (void)printf("%s: good: %s\n", path, summary);
    else
        log_error("main", "file=%s no memory to say what it holds", path);
    int status = summary ? EXIT_SUCCESS : EXIT_FAILURE;

    free(summary);
    return status;
}

int main(int argc, char **argv)
{
    struct arguments a;
    struct diags diags = DIAGS_INIT;
    struct config *config = NULL;

    /* A reload asked for before there is anything to reload must not end the start; the pipeline
     * takes the signal over. */
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGXFSZ,
                 SIG_IGN); /* a write past a size limit then fails like one on a full disk */
    (void)signal(SIGPIPE, SIG_IGN);
    int status = read_arguments(argc, argv, &a);

    if (status >= 0)
        return status;
    (void)umask(0077);
#ifdef M_ARENA_MAX
    (void)mallopt(M_ARENA_MAX, 1); /* what one thread frees, all have the use of */
#endif
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    if (a.doctor) {
        status = consult(&a);
        curl_global_cleanup();
        return status;
    }
    int r = config_load_simulated(a.config, datadir_find(), &a.simulation, &diags, &config);

    say_found(&a, &diags);
    diags_release(&diags);
    if (r < 0)
        return EXIT_CONFIG;
    if (setenv("TZ", config->settings->timezone, 1) < 0) {
        log_error("main", "timezone error=\"%s\"",
                  strerror(errno)); /* every date would be of UTC */
        config_free(config);
        return EXIT_FAILURE;
    }
    tzset();
    log_set_level(log_level_of(config->settings->log_level));
    if (a.check) {
        status = print_summary(a.config, config);
        config_free(config);
        return status;
    }
    status = run(&a, config);
    curl_global_cleanup();
    return status;
}
