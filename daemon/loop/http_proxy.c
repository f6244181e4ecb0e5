#include "loop/http_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- which hosts are reached without it ---- */

/* The host itself, or one below a domain; a leading dot means no other thing. */
static bool is_below(const char *host, const char *domain)
{
    domain += *domain == '.';
    size_t n = strlen(host), len = strlen(domain);

    return len > 0 && n >= len && strcasecmp(host + n - len, domain) == 0 &&
           (n == len || host[n - len - 1] == '.');
}

static bool is_this_host(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "::1") == 0;
}

bool http_passes_proxy(const char *url, char *const *except, size_t except_count)
{
    CURLU *parts = curl_url();
    char *part = NULL;
    bool is_proxied = true;

    if (parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &part, 0) == CURLUE_OK) {
        size_t len = strlen(part);
        const char *host = part;

        if (*part == '[' && len > 1) { /* an address of IPv6 */
            part[len - 1] = '\0';
            host++;
        }
        is_proxied = !is_this_host(host);
        for (size_t i = 0; is_proxied && i < except_count; i++)
            is_proxied = !is_below(host, except[i]);
    }
    curl_free(part);
    curl_url_cleanup(parts);
    return is_proxied;
}

bool http_is_proxied(const struct http *h, const char *url)
{
    return h->proxy && http_passes_proxy(url, h->except, h->except_count);
}

/* ---- the setting ---- */

void http_proxy_release(struct http *h)
{
    for (size_t i = 0; i < h->except_count; i++)
        free(h->except[i]);
    free(h->except);
    free(h->proxy);
    h->proxy = NULL;
    h->except = NULL;
    h->except_count = 0;
}

int http_use_proxy(struct http *h, const char *url, char *const *except, size_t except_count)
{
    http_proxy_release(h);
    if (!url)
        return 0;
    h->except = calloc(except_count + 1, sizeof *h->except);
    h->proxy = strdup(url);
    for (size_t i = 0; h->proxy && h->except && i < except_count; i++) {
        h->except[i] = strdup(except[i]);
        if (!h->except[i])
            break;
        h->except_count++;
    }
    if (h->proxy && h->except && h->except_count == except_count)
        return 0;
    http_proxy_release(h);
    return -ENOMEM;
}
