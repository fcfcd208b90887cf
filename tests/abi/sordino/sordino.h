/*
 * Sordino: removes noise from sound and from other one-dimensional signals, causally and in
 * bounded time. A denoiser is made once (may allocate, may fail), then fed any number of samples
 * (never allocates, never fails). One denoiser belongs to one thread at a time.
 */
#ifndef SORDINO_H
#define SORDINO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/model.h>
#include <sordino/profile.h>
#include <sordino/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SORDINO_MAX_CHANNELS 64

typedef struct sordino_denoiser sordino_denoiser;

/* How the clean signal is estimated. */
typedef enum sordino_method {
    SORDINO_METHOD_NETWORK,  /* a model; needs one, and takes its front end */
    SORDINO_METHOD_WIENER,   /* audio: short-time spectrum, decision-directed gains */
    SORDINO_METHOD_KALMAN,   /* sensors, per sample: local-trend Kalman filter, adaptive noise */
    SORDINO_METHOD_PREDICTOR /* sensors, per sample: adaptive linear predictor (NLMS) */
} sordino_method;

/* Gain rule of SORDINO_METHOD_WIENER. */
typedef enum sordino_gain_rule {
    SORDINO_GAIN_LSA,   /* log-spectral amplitude, Ephraim & Malah 1985 */
    SORDINO_GAIN_WIENER /* xi / (1 + xi) */
} sordino_gain_rule;

/* Filled by sordino_config_init first, then changed field by field. */
typedef struct sordino_config {
    sordino_method method;       /* default WIENER */
    double rate;                 /* Hz; spectra: 8000..192000, per sample: > 0; default 48000 */
    uint32_t channels;           /* 1..SORDINO_MAX_CHANNELS; default 1 */
    bool link_channels;          /* one gain for all channels, keeps the image; default true */
    sordino_gain_rule gain_rule; /* WIENER only; default LSA */
    double window;               /* s, 0.002..0.2; WIENER only; 0 = its default */
    double hop;                  /* s, window/8..window/2; WIENER only; 0 = window/4 */
    uint32_t lag;                /* samples 0..4096; KALMAN only: waits for better; default 0 */
    uint32_t min_latency;        /* samples 0..1048576: pads the latency up to this; default 0 */
    double limit;                /* dB, -120..0: most that is ever taken away; -120 = no limit
                                    (exactly); default -120 */
    double mix;                  /* 0 (dry)..1 (denoised); default 1 */
    bool delta;                  /* hear what is taken away instead; default false */
    bool enabled;                /* false: delayed input, sample for sample; default true */
} sordino_config;

/* Writes the defaults. */
SORDINO_API void sordino_config_init(sordino_config *config);

/* Makes a denoiser. `config` is copied. `model` is borrowed until sordino_free and may be NULL
 * unless the method is NETWORK. `*out` is owned by the caller, NULL on failure.
 * Errors: NO_MEM; BAD_ARG (a field out of range); UNSUPPORTED (the model does not serve the rate).
 * Any thread. */
SORDINO_API SORDINO_NODISCARD sordino_status sordino_new(const sordino_config *config,
                                                         const sordino_model *model,
                                                         sordino_denoiser **out,
                                                         sordino_error *why);

/* The latency in samples of the denoiser that sordino_new would make, without making it: to choose
 * between configurations, or a common min_latency. Errors: those of sordino_new but NO_MEM. */
SORDINO_API SORDINO_NODISCARD sordino_status sordino_config_latency(const sordino_config *config,
                                                                    const sordino_model *model,
                                                                    uint32_t *out,
                                                                    sordino_error *why);

/* Releases a denoiser. NULL is ignored. */
SORDINO_API void sordino_free(sordino_denoiser *denoiser);

/* Back to the state after sordino_new: past samples and what the noise tracker learned by itself
 * are forgotten; controls, which jump to their targets, and an applied profile are kept. */
SORDINO_API void sordino_reset(sordino_denoiser *denoiser) SORDINO_RT;

/* Denoises `n` samples, any n >= 0. `in` and `out` are [channels] pointers to [n] samples; a
 * channel may be processed in place (in[c] == out[c]), other overlap is not allowed. Output sample
 * t is the estimate of input sample t - latency. Finite input gives finite output. A sample that is
 * not finite counts as 0 with a spectral method, and as missing (the last good value stands in)
 * with a per-sample one. The result does not depend on how the stream is cut into calls. Never
 * fails. */
SORDINO_API void sordino_process(sordino_denoiser *denoiser, const float *const *in,
                                 float *const *out, size_t n) SORDINO_RT;

/* Delay from input to output in samples; constant for the object's life. */
SORDINO_API uint32_t sordino_latency(const sordino_denoiser *denoiser) SORDINO_RT;

/* Controls. Each is clamped to the range given in sordino_config (NaN is ignored) and glides to
 * its target in 20 ms, sample by sample, from the next processed sample on. */
SORDINO_API void sordino_set_limit(sordino_denoiser *denoiser, double limit_db) SORDINO_RT;
SORDINO_API void sordino_set_mix(sordino_denoiser *denoiser, double mix) SORDINO_RT;
SORDINO_API void sordino_set_delta(sordino_denoiser *denoiser, bool delta) SORDINO_RT;
SORDINO_API void sordino_set_enabled(sordino_denoiser *denoiser, bool enabled) SORDINO_RT;

/* Learning a noise profile (WIENER, KALMAN): while on, the input is taken as noise alone and
 * averaged; when switched off the average is used as the noise from then on. */
SORDINO_API void sordino_set_learn(sordino_denoiser *denoiser, bool learn) SORDINO_RT;

/* Copies the learned or applied noise into a new profile. Not while another thread processes.
 * Errors: NO_MEM; NOT_FOUND when nothing was learned or applied; UNSUPPORTED for this method. */
SORDINO_API SORDINO_NODISCARD sordino_status sordino_get_profile(const sordino_denoiser *denoiser,
                                                                 sordino_profile **out,
                                                                 sordino_error *why);

/* The same while audio runs, in two steps. Makes a profile of the size this denoiser learns, all
 * of its densities 0, for sordino_copy_profile. Errors: NO_MEM; UNSUPPORTED for this method. */
SORDINO_API SORDINO_NODISCARD sordino_status sordino_new_profile(const sordino_denoiser *denoiser,
                                                                 sordino_profile **out,
                                                                 sordino_error *why);

/* Overwrites a profile that sordino_new_profile made, from this denoiser or one of its size, with
 * the learned or applied noise. False when there is none or the sizes differ; what `into` holds is
 * then unspecified. No other thread may look at `into` meanwhile. */
SORDINO_API bool sordino_copy_profile(const sordino_denoiser *denoiser,
                                      sordino_profile *into) SORDINO_RT;

/* Uses a profile as the noise from now on (copies it); NULL goes back to tracking the noise.
 * A no-op for methods that take no profile. */
SORDINO_API void sordino_set_profile(sordino_denoiser *denoiser,
                                     const sordino_profile *profile) SORDINO_RT;

/* Levels since the last call of this function: root mean square over all channels in dB re 1.0
 * (-200 for silence), and how far the output lies below the input (>= 0 when noise is removed). */
typedef struct sordino_meters {
    float input_db, output_db, reduction_db;
} sordino_meters;
SORDINO_API void sordino_read_meters(sordino_denoiser *denoiser, sordino_meters *out) SORDINO_RT;

/* "major.minor.patch" of the library. */
SORDINO_API const char *sordino_version(void);

#ifdef __cplusplus
}
#endif
#endif
