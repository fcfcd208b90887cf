#include "common/sound/matrix.h"

#include <stdio.h>
#include <string.h>

/* libsndfile writes the rate at once behind the header of 128 bytes, and what is sound behind it.
 */
enum { HEAD_BYTES = 512 };

const char matrix_message[] = "is a MATLAB file of other things than sound; save its signal as a "
                              "table (writematrix), or as bare samples for --raw";

static bool holds(const char *bytes, size_t n, const char *word)
{
    const size_t length = strlen(word);
    for (size_t i = 0; i + length <= n; i++)
        if (memcmp(bytes + i, word, length) == 0)
            return true;
    return false;
}

bool matrix_is_no_sound(const char *path)
{
    static const char mark[] = "MATLAB 5.0";
    char head[HEAD_BYTES];
    FILE *const file = fopen(path, "rb");
    const size_t n = file ? fread(head, 1, sizeof head, file) : 0;
    if (file)
        fclose(file);
    return n >= sizeof mark && memcmp(head, mark, sizeof mark - 1) == 0 &&
           !(holds(head, n, "samplerate") && holds(head, n, "wavedata"));
}
