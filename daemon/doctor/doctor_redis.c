#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/secret.h"
#include "ctl/ctl_socket.h"
#include "doctor/doctor_internal.h"
#include "store/store_redis.h"

/* Redis as the daemon uses it: whether it answers, keeps what it acknowledged, has room, and what time it is there. */

#define ANSWER_MS     3000
#define VERSION_LEAST 7
#define APART_WARN_S  5
#define MEMORY_LEAST  (64ll << 20)
#define APART_FAIL_S  60

static const struct timeval answer = { ANSWER_MS / 1000, ANSWER_MS % 1000 * 1000 };

struct link {
    redisContext *c;
    char where[300], cli[MEND_MAX]; /* for people; how a shell reaches it */
};

/* ---- reaching it ---- */

static void connect_socket(struct link *l, const char *path)
{
    struct sockaddr_un address;
    int folder = ctl_socket_address(path, &address);
    char word[WORD_MAX];

    (void)snprintf(l->where, sizeof l->where, "%s", path);
    (void)snprintf(l->cli, sizeof l->cli, "redis-cli -s %s", shell_word(path, word));
    if (folder < 0)
        return;
    l->c = redisConnectUnixWithTimeout(address.sun_path, answer);
    fd_close(&folder);
}

static void connect_host(struct link *l, const struct redis_setting *r)
{
    (void)snprintf(l->where, sizeof l->where, "%s port %ld", r->host, r->port);
    (void)snprintf(l->cli, sizeof l->cli, "redis-cli -h %s -p %ld", r->host, r->port);
    l->c = redisConnectWithTimeout(r->host, (int)r->port, answer);
}

/* NULL: no answer. Free it. */
static redisReply *ask(struct link *l, int count, const char **words)
{
    return l->c && !l->c->err ? redisCommandArgv(l->c, count, words, NULL) : NULL;
}

static bool log_in(struct doctor *d, struct link *l, const struct redis_setting *r)
{
    char *password = NULL, mend[MEND_MAX];
    const char *words[3] = { "AUTH" };
    int n = 1;

    if (!r->password_file)
        return true;
    if (secret_file_read(r->password_file, &password) < 0)
        return false; /* said with the credentials */
    password[strcspn(password, "\r\n")] = '\0';
    if (r->user)
        words[n++] = r->user;
    words[n++] = password;
    redisReply *reply = ask(l, n, words);
    bool is_in = reply && reply->type == REDIS_REPLY_STATUS;

    secret_wipe(password);
    if (!is_in)
        say(d, DOCTOR_FAIL, "redis", l->where,
            mend_path("install -m 600 /dev/stdin %s", r->password_file, mend),
            "it refuses user and password");
    freeReplyObject(reply);
    return is_in;
}

/* ---- what it says ---- */

/* The number after "name:" of what INFO says; -1 without one. */
static long long info_number(const char *info, const char *name)
{
    char start[40];

    (void)snprintf(start, sizeof start, "\n%s:", name);
    const char *at = strstr(info, start);

    return at ? strtoll(at + strlen(start), NULL, 10) : -1;
}

static void look_at_info(struct doctor *d, const struct link *l, const char *info)
{
    long long version = info_number(info, "redis_version"), most = info_number(info, "maxmemory"),
              used = info_number(info, "used_memory");
    char mend[MEND_MAX + 40];

    if (version >= 0 && version < VERSION_LEAST)
        say(d, DOCTOR_FAIL, "redis-version", l->where, "apt-get install redis-server",
            "version %lld: functions need version %d or newer", version, VERSION_LEAST);
    (void)snprintf(mend, sizeof mend, "%s CONFIG SET maxmemory 0", l->cli);
    if (most > 0 && used > most / 10 * 9)
        say(d, used > most ? DOCTOR_FAIL : DOCTOR_WARN, "redis-memory", l->where, mend,
            "%lld MiB of maxmemory %lld MiB are used: full, it takes no changes", used >> 20,
            most >> 20);
    else if (most > 0 && most < MEMORY_LEAST)
        say(d, DOCTOR_WARN, "redis-memory", l->where, mend,
            "maxmemory is %lld MiB, far less than lists and figures come to: full, it takes no "
            "changes",
            most >> 20);
    (void)snprintf(mend, sizeof mend, "%s CONFIG GET dir", l->cli);
    if (strstr(info, "\naof_last_write_status:err"))
        say(d, DOCTOR_FAIL, "redis-disk", l->where, mend,
            "its last write to its append-only file failed: make room where its dir is");
}

static void look_at_setting(struct doctor *d, const struct link *l, size_t i,
                            const redisReply *reply)
{
    const redisReply *value = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2
                                  ? reply->element[1]
                                  : NULL;
    char mend[MEND_MAX + 120];

    if (!value || value->type != REDIS_REPLY_STRING) {
        (void)snprintf(mend, sizeof mend, "%s ACL SETUSER USER +config|get", l->cli);
        say(d, DOCTOR_WARN, "redis-setting", store_settings[i].name, mend,
            "cannot be asked for: whether data may be lost is not known");
        return;
    }
    (void)snprintf(mend, sizeof mend, "%s CONFIG SET %s %s", l->cli, store_settings[i].name,
                   store_settings[i].wanted);
    if (strcmp(value->str, store_settings[i].wanted) != 0)
        say(d, DOCTOR_FAIL, "redis-setting", store_settings[i].name, mend, "is %.40s, not %s: %s",
            value->str, store_settings[i].wanted, store_settings[i].why);
    else
        say(d, DOCTOR_OK, "redis-setting", store_settings[i].name, NULL, "is %s",
            store_settings[i].wanted);
}

static void look_at_time(struct doctor *d, const struct link *l, const redisReply *reply)
{
    if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements < 1 ||
        reply->element[0]->type != REDIS_REPLY_STRING)
        return;
    long long apart = strtoll(reply->element[0]->str, NULL, 10) - (long long)time(NULL);
    long long size = apart < 0 ? -apart : apart;

    say(d,
        size > APART_FAIL_S   ? DOCTOR_FAIL
        : size > APART_WARN_S ? DOCTOR_WARN
                              : DOCTOR_OK,
        "clock", l->where, size > APART_WARN_S ? "timedatectl set-ntp true" : NULL,
        "Redis's clock is %lld seconds %s this machine's", size, apart < 0 ? "behind" : "ahead of");
}

static void look_at_answers(struct doctor *d, struct link *l)
{
    const char *info[] = { "INFO" }, *at[] = { "TIME" }, *config[] = { "CONFIG", "GET", NULL };
    redisReply *reply = ask(l, 1, info);
    char mend[MEND_MAX + 40];

    if (!reply || reply->type != REDIS_REPLY_STRING) {
        (void)snprintf(mend, sizeof mend, "%s PING", l->cli);
        say(d, DOCTOR_FAIL, "redis", l->where, mend, "it does not say how it is: %.120s",
            reply && reply->str ? reply->str : l->c->errstr);
        freeReplyObject(reply);
        return;
    }
    say(d, DOCTOR_OK, "redis", l->where, NULL, "it answers");
    look_at_info(d, l, reply->str);
    freeReplyObject(reply);
    for (size_t i = 0; i < STORE_SETTINGS; i++) {
        config[2] = store_settings[i].name;
        reply = ask(l, 3, config);
        look_at_setting(d, l, i, reply);
        freeReplyObject(reply);
    }
    reply = ask(l, 1, at);
    look_at_time(d, l, reply);
    freeReplyObject(reply);
}

/* ---- the embedded server without its daemon ---- */

static bool is_installed(const char *program)
{
    const char *at = getenv("PATH");
    char path[4096];

    if (strchr(program, '/'))
        return access(program, X_OK) == 0;
    for (at = at ? at : "/usr/bin"; *at; at += strcspn(at, ":"), at += *at == ':') {
        (void)snprintf(path, sizeof path, "%.*s/%s", (int)strcspn(at, ":"), at, program);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

static void look_at_program(struct doctor *d, const struct redis_setting *r)
{
    const char *program = r->server_binary ? r->server_binary : "redis-server";
    bool is_there = is_installed(program);

    say(d, is_there ? DOCTOR_OK : DOCTOR_FAIL, "redis-program", program,
        is_there ? NULL : "apt-get install redis-server",
        is_there ? "the daemon's own Redis can be started" : "is not installed");
}

void look_at_redis(struct doctor *d, const struct settings *s)
{
    const struct redis_setting *r = &s->redis;
    bool is_embedded = r->mode == REDIS_EMBEDDED;
    struct link l = { .c = NULL };
    AUTO(auto_free) char *own = NULL;
    char mend[MEND_MAX];

    if (is_embedded)
        look_at_program(d, r);
    if (is_embedded && !d->question->is_running)
        return;
    own = is_embedded ? path_join(s->state, "redis/redis.sock") : NULL;
    if (is_embedded ? own != NULL : r->socket != NULL)
        connect_socket(&l, is_embedded ? own : r->socket);
    else if (!is_embedded)
        connect_host(&l, r);
    if (l.c && !l.c->err)
        (void)redisSetTimeout(l.c, answer);
    if (!l.c || l.c->err)
        say(d, DOCTOR_FAIL, "redis", l.where,
            is_embedded ? "journalctl -u waitlistd -g redis"
            : r->socket ? mend_path("systemctl start redis-server && ls -l %s", r->socket, mend)
                        : "systemctl start redis-server",
            "does not answer: %.120s", l.c ? l.c->errstr : "no such socket");
    else if (log_in(d, &l, r))
        look_at_answers(d, &l);
    if (l.c)
        redisFree(l.c);
}
