#include "loop/redis_private.h"

#define REPLY_MAX_ELEMENTS (8 << 20)

/*
 * The library asserts that a reply belongs to a command. A server that says more than it was asked
 * would end the process, so the outermost part of such a reply is refused as it is made, which the
 * library treats as a broken connection.
 */
static bool may_create(const redisReadTask *task)
{
    struct redis *r = task->privdata;

    if (task->parent || r->context->replies.head)
        return true;
    redis_set_why(r, "an answer that nobody asked for");
    return false;
}

static void *create_string(const redisReadTask *task, char *bytes, size_t len)
{
    const struct redis *r = task->privdata;

    /* An error nobody asked for has a text worth keeping ("max number of clients reached"). */
    if (task->type != REDIS_REPLY_ERROR && !may_create(task))
        return NULL;
    return r->create->createString(task, bytes, len);
}

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

static void *create_array(const redisReadTask *task, element_count elements)
{
    struct redis *r = task->privdata;

    if (!may_create(task))
        return NULL;
    /* The library would set aside room for as many elements as the first line promises. */
    if (elements > REPLY_MAX_ELEMENTS) {
        redis_set_why(r, "an answer has more elements than any of ours");
        return NULL;
    }
    return r->create->createArray(task, elements);
}

static void *create_integer(const redisReadTask *task, long long value)
{
    const struct redis *r = task->privdata;

    return may_create(task) ? r->create->createInteger(task, value) : NULL;
}

static void *create_nil(const redisReadTask *task)
{
    const struct redis *r = task->privdata;

    return may_create(task) ? r->create->createNil(task) : NULL;
}

static redisReplyObjectFunctions checked_create = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
    .freeObject = freeReplyObject,
};

void redis_check_replies(struct redis *r)
{
    redisReader *reader = r->context->c.reader;

    r->create = reader->fn;
    reader->fn = &checked_create;
    reader->privdata = r;
}
