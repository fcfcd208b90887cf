/* Removes noise between the default microphone and loudspeaker, for SECONDS or until Enter is
 * pressed: cc live.c $(pkg-config --cflags --libs sordino-0 portaudio-2.0) -o live && ./live
 * [SECONDS] */
#include <sordino/sordino.h>

#include <portaudio.h>

#include <stdio.h>
#include <stdlib.h>

/* Runs on the audio thread, where nothing may wait: the library's process functions never do. */
static int audio(const void *in, void *out, unsigned long n, const PaStreamCallbackTimeInfo *time,
                 PaStreamCallbackFlags flags, void *denoiser)
{
    (void)time, (void)flags;
    sordino_denoiser_process_interleaved(denoiser, in, out, n);
    return paContinue;
}

int main(int argc, char **argv)
{
    sordino_denoiser *denoiser;
    sordino_config config;
    sordino_error why;
    sordino_config_init(&config);
    config.limit = -20.0; /* dB; some of the room stays */
    if (sordino_denoiser_new(&config, NULL, &denoiser, &why) != SORDINO_OK)
        return fprintf(stderr, "live: %s\n", why.text), EXIT_FAILURE;
    PaStream *stream = NULL;
    PaError error = Pa_Initialize();
    if (error == paNoError)
        error = Pa_OpenDefaultStream(&stream, 1, 1, paFloat32, config.rate,
                                     paFramesPerBufferUnspecified, audio, denoiser);
    if (error == paNoError)
        error = Pa_StartStream(stream);
    if (error == paNoError && argc > 1)
        Pa_Sleep(1000 * atoi(argv[1]));
    else if (error == paNoError)
        getchar();
    if (error != paNoError)
        fprintf(stderr, "live: %s\n", Pa_GetErrorText(error));
    Pa_Terminate();
    sordino_denoiser_free(denoiser);
    return error == paNoError ? EXIT_SUCCESS : EXIT_FAILURE;
}
