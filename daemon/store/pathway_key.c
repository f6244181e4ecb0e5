#include "store/pathway_key.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/digest.h"
#include "base/file.h"

/* A page of its own, so that it can be locked and left out of core files. */
struct pathway_key {
    unsigned char bytes[PATHWAY_KEY_BYTES];
};

static struct pathway_key *key_page(void)
{
    struct pathway_key *k =
        mmap(NULL, sizeof *k, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (k == MAP_FAILED)
        return NULL;
    /* Both are precautions: where the machine does not allow them the key works all the same. */
    (void)mlock(k, sizeof *k);
    (void)madvise(k, sizeof *k, MADV_DONTDUMP);
    return k;
}

void pathway_key_close(struct pathway_key *k)
{
    if (!k)
        return;
    explicit_bzero(k->bytes, sizeof k->bytes);
    (void)munmap(k, sizeof *k);
}

const void *pathway_key_bytes(const struct pathway_key *k)
{
    return k->bytes;
}

static int read_bytes(int fd, struct pathway_key *k)
{
    unsigned char more;
    size_t len = 0;

    while (len < sizeof k->bytes) {
        ssize_t n = read(fd, k->bytes + len, sizeof k->bytes - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EINVAL;
        len += (size_t)n;
    }
    return read(fd, &more, 1) == 0 ? 0 : -EINVAL;
}

static int read_key(const char *path, struct pathway_key *k)
{
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_size != PATHWAY_KEY_BYTES)
        return -EINVAL;
    if (st.st_mode & (S_IROTH | S_IWOTH))
        return -EACCES;
    return read_bytes(fd, k);
}

int pathway_key_open(const char *path, bool may_make, struct pathway_key **out_key)
{
    struct pathway_key *k = key_page();
    int r;

    assert(path && out_key);
    if (!k)
        return -ENOMEM;
    r = read_key(path, k);
    if (r == -ENOENT && may_make) {
        r = random_bytes(k->bytes, sizeof k->bytes);
        if (r == 0)
            r = file_replace(path, k->bytes, sizeof k->bytes, 0600);
    }
    if (r < 0) {
        pathway_key_close(k);
        return r;
    }
    *out_key = k;
    return 0;
}
