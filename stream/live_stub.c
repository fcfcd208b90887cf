/* In place of live_main.c where PortAudio was not there when this was built. */
#include "stream/live_main.h"

#include <stdio.h>

int live_main(int argc, char **argv)
{
    fputs(
        "sordino-live: audio: was built without PortAudio; use --stdin, see 'sordino-live --stdin "
        "--help'\n",
        stderr);
    return 2;
}
