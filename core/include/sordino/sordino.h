/*
 * Sordino: removes noise from sound and from other one-dimensional signals, causally and in
 * bounded time. A denoiser is made once (may allocate, may fail), then fed any number of samples
 * (never allocates, never fails).
 *
 * Threads. A denoiser belongs to one thread at a time: the one that processes. What is marked "any
 * thread" may be called by others meanwhile, without locks: sordino_denoiser_latency and the four
 * controls (limit, mix, delta, enabled). Everything else with a denoiser is for the thread that
 * processes, or for any while none does. Models and profiles are immutable and may be shared.
 *
 * NULL. A function that returns a status answers BAD_ARG where an object or a place for the result
 * is missing; any other does nothing then, and returns 0, false, "" or NULL. What may be NULL is
 * said beside it; `why` always may.
 */
#ifndef SORDINO_H
#define SORDINO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/model.h>
#include <sordino/profile.h>
#include <sordino/status.h>
#include <sordino/version.h>

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

/* Filled by sordino_config_init first, then changed field by field. Later versions may add fields
 * at the end; `size` tells the library which of them the caller knows. */
typedef struct sordino_config {
    size_t size;                 /* bytes; set by sordino_config_init, not to be changed */
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

/* Writes the defaults to the first `size` bytes of a configuration, where `size` is what
 * sizeof(sordino_config) is to the caller. For languages that cannot call sordino_config_init. */
SORDINO_API void sordino_config_init_size(sordino_config *config, size_t size);

/* Writes the defaults. Any thread. */
#ifndef SORDINO_OLD_NAMES
static inline void sordino_config_init(sordino_config *config)
{
    sordino_config_init_size(config, sizeof *config);
}
#endif

/* Makes a denoiser. `config` is copied. `model` is borrowed until sordino_denoiser_free and may be
 * NULL unless the method is NETWORK. `*out` is owned by the caller, NULL on failure.
 * Errors: NO_MEM; BAD_ARG (a field out of range, or `size` not set); UNSUPPORTED (the model does
 * not serve the rate, or a field is set that this version does not know). Any thread. */
SORDINO_API SORDINO_NODISCARD sordino_status sordino_denoiser_new(const sordino_config *config,
                                                                  const sordino_model *model,
                                                                  sordino_denoiser **out,
                                                                  sordino_error *why);

/* The latency in samples of the denoiser that sordino_denoiser_new would make, without making it:
 * to choose between configurations, or a common min_latency. Errors: those of sordino_denoiser_new
 * but NO_MEM. Any thread. */
SORDINO_API SORDINO_NODISCARD sordino_status sordino_denoiser_latency_for(
    const sordino_config *config, const sordino_model *model, uint32_t *out, sordino_error *why);

/* Releases a denoiser; not while another thread uses it. */
SORDINO_API void sordino_denoiser_free(sordino_denoiser *denoiser);

/* Back to the state after sordino_denoiser_new: past samples and what the noise tracker learned by
 * itself are forgotten; controls, which jump to their targets, and an applied profile are kept. The
 * thread that processes. */
SORDINO_API void sordino_denoiser_reset(sordino_denoiser *denoiser) SORDINO_RT;

/* Denoises `n` samples, any n >= 0. `in` and `out` are [channels] pointers to [n] samples; a
 * channel may be processed in place (in[c] == out[c]), other overlap is not allowed. Output sample
 * t is the estimate of input sample t - latency. Finite input gives finite output. A sample that is
 * not finite counts as 0 with a spectral method, and as missing (the last good value stands in)
 * with a per-sample one. The result does not depend on how the stream is cut into calls. Never
 * fails. */
SORDINO_API void sordino_denoiser_process(sordino_denoiser *denoiser, const float *const *in,
                                          float *const *out, size_t n) SORDINO_RT;

/* The same with the channels of each sample side by side: `in` and `out` are [n][channels], and may
 * be the same. */
SORDINO_API void sordino_denoiser_process_interleaved(sordino_denoiser *denoiser, const float *in,
                                                      float *out, size_t n) SORDINO_RT;

/* Delay from input to output in samples; constant for the object's life. Any thread. */
SORDINO_API uint32_t sordino_denoiser_latency(const sordino_denoiser *denoiser) SORDINO_RT;

/* Controls. Each is clamped to the range given in sordino_config (NaN is ignored) and glides to
 * its target in 20 ms, sample by sample, from the next call that processes. Any thread, while audio
 * runs too: the last one set holds. */
SORDINO_API void sordino_denoiser_set_limit(sordino_denoiser *denoiser, double limit_db) SORDINO_RT;
SORDINO_API void sordino_denoiser_set_mix(sordino_denoiser *denoiser, double mix) SORDINO_RT;
SORDINO_API void sordino_denoiser_set_delta(sordino_denoiser *denoiser, bool delta) SORDINO_RT;
SORDINO_API void sordino_denoiser_set_enabled(sordino_denoiser *denoiser, bool enabled) SORDINO_RT;

/* Learning a noise profile (WIENER, KALMAN): while on, the input is taken as noise alone and
 * averaged; when switched off the average is used as the noise from then on. The thread that
 * processes. */
SORDINO_API void sordino_denoiser_set_learn(sordino_denoiser *denoiser, bool learn) SORDINO_RT;

/* Copies the learned or applied noise into a new profile. Not while another thread processes.
 * Errors: NO_MEM; NOT_FOUND when nothing was learned or applied; UNSUPPORTED for this method. */
SORDINO_API SORDINO_NODISCARD sordino_status sordino_denoiser_get_profile(
    const sordino_denoiser *denoiser, sordino_profile **out, sordino_error *why);

/* The same while audio runs, in two steps. Makes a profile of the size this denoiser learns, all
 * of its densities 0, for sordino_denoiser_copy_profile. Errors: NO_MEM; UNSUPPORTED for this
 * method. Any thread. */
SORDINO_API SORDINO_NODISCARD sordino_status sordino_denoiser_blank_profile(
    const sordino_denoiser *denoiser, sordino_profile **out, sordino_error *why);

/* Overwrites a profile that sordino_denoiser_blank_profile made, from this denoiser or one of its
 * size, with the learned or applied noise. False when there is none or the sizes differ; what
 * `into` holds is then unspecified. The thread that processes; no other may look at `into`
 * meanwhile. */
SORDINO_API bool sordino_denoiser_copy_profile(const sordino_denoiser *denoiser,
                                               sordino_profile *into) SORDINO_RT;

/* Uses a profile as the noise from now on (copies it); NULL goes back to tracking the noise.
 * Nothing for methods that take no profile. The thread that processes. */
SORDINO_API void sordino_denoiser_set_profile(sordino_denoiser *denoiser,
                                              const sordino_profile *profile) SORDINO_RT;

/* Why a denoiser lets its input pass where it would otherwise estimate. */
typedef enum sordino_warning {
    SORDINO_WARNING_NO_NOISE = 1,   /* the noise learned or applied is nothing, or nothing beside
                                       the signal; there is nothing to take away */
    SORDINO_WARNING_LOUD_NOISE = 2, /* it is far louder than all that was heard so far, so it
                                       cannot be this signal's; it will be used once as much is
                                       heard */
    SORDINO_WARNING_NETWORK = 4     /* since sordino_denoiser_new or sordino_denoiser_reset the
                                       model's network gave results that are not finite; the input
                                       took their place */
} sordino_warning;

/* The warnings that hold, as a sum of bits; 0 when all is well. In some channel is enough. The
 * thread that processes. */
SORDINO_API uint32_t sordino_denoiser_warnings(const sordino_denoiser *denoiser) SORDINO_RT;

/* A warning in one sentence: capital first letter, no full stop. Static storage; any thread. */
SORDINO_API const char *sordino_warning_text(sordino_warning warning);

/* Levels since the last call of this function: root mean square over all channels in dB re 1.0
 * (-200 for silence), and how far the output lies below the input (>= 0 when noise is removed). The
 * thread that processes. */
typedef struct sordino_meters {
    float input_db, output_db, reduction_db;
} sordino_meters;
SORDINO_API void sordino_denoiser_read_meters(sordino_denoiser *denoiser,
                                              sordino_meters *out) SORDINO_RT;

/* Denoises a whole recording in one call: `in` [n][channels] to `out` [n][channels], which may be
 * the same, lined up sample for sample: the latency is taken out. `noise` is a profile to apply and
 * may be NULL, as may `model` unless the method is NETWORK. On failure `out` is untouched. Errors:
 * those of sordino_denoiser_new. Any thread. */
SORDINO_API SORDINO_NODISCARD sordino_status sordino_denoise(const sordino_config *config,
                                                             const sordino_model *model,
                                                             const sordino_profile *noise,
                                                             const float *in, float *out, size_t n,
                                                             sordino_error *why);

/* The kernels in use: "avx512", "avx2", "neon" or "c", the best that this processor has or what the
 * environment variable SORDINO_KERNELS asks for. `name` may be NULL; it is set in any case, to
 * static storage. Errors: UNSUPPORTED when this processor or build has none of the name that is
 * asked for; the best are used then. Any thread. */
SORDINO_API sordino_status sordino_kernels(const char **name, sordino_error *why);

#include <sordino/deprecated.h>

#ifdef __cplusplus
}
#endif
#endif
