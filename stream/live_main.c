#include "stream/live_main.h"
#include "common/kernels.h"
#include "common/models.h"
#include "stream/audio_pa.h"
#include "stream/noise.h"
#include "stream/options.h"
#include "stream/print_conf.h"
#include "stream/session.h"

#include <stdio.h>
#include <stdlib.h>

static int list(const live_options *o)
{
    sordino_error why;
    if (audio_start(o->client, &why)) {
        fprintf(stderr, "sordino-live: audio: %s\n", why.text);
        return EXIT_FAILURE;
    }
    const size_t n = audio_list(o->json, stdout);
    audio_end();
    if (n == 0 && !o->json)
        fputs("sordino-live: audio: there is no sound device here; start a sound server, or use "
              "--stdin for sensors and sordino for files\n",
              stderr);
    return EXIT_SUCCESS;
}

int live_main(int argc, char **argv)
{
    live_options o;
    const live_options_result result = live_options_read(argc, argv, &o);
    if (result != LIVE_GO)
        return result == LIVE_DONE ? EXIT_SUCCESS : 2;
    switch (o.task) {
    case LIVE_LIST:
        return list(&o);
    case LIVE_LIST_MODELS:
        models_list(stdout);
        return EXIT_SUCCESS;
    case LIVE_PRINT_PIPEWIRE:
        print_pipewire(&o, stdout);
        return EXIT_SUCCESS;
    case LIVE_PRINT_SYSTEMD:
        print_systemd(&o, stdout);
        return EXIT_SUCCESS;
    case LIVE_RECORD_NOISE:
        return noise_record(&o);
    case LIVE_RUN:
        break;
    }
    if (!kernels_check("sordino-live"))
        return EXIT_FAILURE;
    return session_run(&o);
}
