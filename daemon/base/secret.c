#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"

#define BLANKS " \t\r\n"

void secret_wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

void secret_release(char **secret)
{
    secret_wipe(*secret);
}

int secret_file_read(const char *path, char **out_text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char *text = calloc(1, SECRET_FILE_MAX_BYTES + 2);
    size_t len = 0;
    int r = 0;

    if (fd < 0 || !text)
        r = fd < 0 ? -errno : -ENOMEM;
    while (r == 0 && len <= SECRET_FILE_MAX_BYTES) {
        ssize_t n = read(fd, text + len, SECRET_FILE_MAX_BYTES + 1 - len);

        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            r = -errno;
        else if (n > 0)
            len += (size_t)n;
    }
    if (r == 0 && len > SECRET_FILE_MAX_BYTES)
        r = -EFBIG;
    if (r == 0 && strlen(text) != len)
        r = -EINVAL; /* a NUL inside */
    if (fd >= 0)
        (void)close(fd);
    if (r < 0) {
        if (text)
            explicit_bzero(text, SECRET_FILE_MAX_BYTES + 2);
        free(text);
        return r;
    }
    *out_text = text;
    return 0;
}

bool secret_next(const char **at, const char **out_word, size_t *out_len)
{
    *out_word = *at + strspn(*at, BLANKS);
    *out_len = strcspn(*out_word, BLANKS);
    *at = *out_word + *out_len;
    return *out_len > 0;
}

int secret_key(const char *word, size_t len, unsigned char **out_key, size_t *out_len)
{
    static const char prefix[] = "whsec_";
    size_t digits = len - (sizeof prefix - 1);

    if (len <= sizeof prefix - 1 || memcmp(word, prefix, sizeof prefix - 1) != 0)
        return -EINVAL;
    char *encoded = calloc(1, digits + 4);

    if (!encoded)
        return -ENOMEM;
    memcpy(encoded, word + sizeof prefix - 1, digits);
    while (digits % 4 != 0 && digits % 4 != 1) /* some tools leave the padding out */
        encoded[digits++] = '=';
    *out_key = base64_decode(encoded, digits, out_len);
    secret_wipe(encoded);
    if (*out_key && *out_len >= SECRET_KEY_BYTES_MIN)
        return 0;
    if (*out_key)
        explicit_bzero(*out_key, *out_len);
    free(*out_key);
    *out_key = NULL;
    return -EINVAL;
}
