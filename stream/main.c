/* sordino-live: removes noise while it sounds. */
#include "stream/raw_options.h"
#include "stream/raw_stream.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    raw_stream_config config;
    if (!raw_options_apply(argc, argv)) {
        fputs("sordino-live: what comes in is not said; try 'sordino-live --stdin --help'\n",
              stderr);
        return 2;
    }
    const raw_options_result result = raw_options_read(argc, argv, &config);
    if (result != RAW_RUN)
        return result == RAW_DONE ? 0 : 2;
    return raw_stream_run(&config);
}
