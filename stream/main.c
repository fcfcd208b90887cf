/* sordino-live: removes noise while it sounds. */
#include "common/kernels.h"
#include "stream/live_main.h"
#include "stream/raw_options.h"
#include "stream/raw_stream.h"

int main(int argc, char **argv)
{
    raw_stream_config config;
    if (!raw_options_apply(argc, argv))
        return live_main(argc, argv);
    const raw_options_result result = raw_options_read(argc, argv, &config);
    if (result != RAW_RUN)
        return result == RAW_DONE ? 0 : 2;
    if (!kernels_check("sordino-live"))
        return 1;
    return raw_stream_run(&config);
}
