/*
 * replay - feeds the kept corpus through a fuzz target, without libFuzzer
 *
 *     build/tests/fuzz/NAME [FILE|FOLDER...]      without any: tests/fuzz/corpus/NAME
 *
 * Prints each file's name before it is read, so that the last line of a crash names the input, and at
 * the end "N passed, 0 failed, 0 skipped". A failure aborts. An empty corpus is a failure.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "fuzz/support/fuzz.h"

#define INPUT_MAX_BYTES (1u << 20)

static unsigned passed;

static void replay_file(const char *path)
{
    struct text input = TEXT_INIT;

    (void)printf("%s\n", path);
    (void)fflush(stdout);
    FUZZ_CHECK(file_read(path, INPUT_MAX_BYTES, &input) == 0, "%s cannot be read", path);
    /* A copy of exactly this size, so that a read past the end is seen. */
    uint8_t *bytes = malloc(input.len ? input.len : 1);

    FUZZ_CHECK(bytes, "no memory");
    if (input.len)
        memcpy(bytes, input.buf, input.len);
    (void)LLVMFuzzerTestOneInput(bytes, input.len);
    passed++;
    free(bytes);
    text_release(&input);
}

static int is_named(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay(const char *path)
{
    struct stat st;
    struct dirent **entries = NULL;

    FUZZ_CHECK(stat(path, &st) == 0, "%s is not there", path);
    if (!S_ISDIR(st.st_mode)) {
        replay_file(path);
        return;
    }
    int count = scandir(path, &entries, is_named, alphasort);

    for (int i = 0; i < count; i++) {
        char *file = path_join(path, entries[i]->d_name);

        FUZZ_CHECK(file, "no memory");
        replay_file(file);
        free(file);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/');
    char corpus[256];

    (void)snprintf(corpus, sizeof corpus, "tests/fuzz/corpus/%s", name ? name + 1 : argv[0]);
    if (argc < 2)
        replay(corpus);
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    (void)printf("%u passed, %d failed, 0 skipped\n", passed, passed ? 0 : 1);
    return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
