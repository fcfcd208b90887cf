/* What a program that uses the installed library looks like; exits with 0 when it does its work. */
#include <sordino/sordino.h>

#include <stdio.h>

int main(void)
{
    static float signal[2][48000];
    const float *in[2] = {signal[0], signal[1]};
    float *out[2] = {signal[0], signal[1]};
    sordino_denoiser *denoiser;
    sordino_config config;
    sordino_error why;

    sordino_config_init(&config);
    config.channels = 2;
    if (sordino_denoiser_new(&config, NULL, &denoiser, &why) != SORDINO_OK) {
        fprintf(stderr, "consumer: %s\n", why.text);
        return 1;
    }
    for (int i = 0; i < 48000; i++)
        signal[0][i] = signal[1][i] = (float)(i * 7919 % 1000) / 5000 - 0.1f;
    sordino_denoiser_process(denoiser, in, out, 48000);
    printf("sordino %s, latency %u samples, last output %g\n", sordino_version(),
           (unsigned)sordino_denoiser_latency(denoiser), signal[0][47999]);
    sordino_denoiser_free(denoiser);
    return signal[0][47999] == signal[0][47999] ? 0 : 1;
}
