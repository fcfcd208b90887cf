#include "stream/audio_pa.h"
#include "common/fail.h"
#include "stream/jack_latency.h"
#include "stream/quiet.h"

#include <pa_jack.h>
#include <portaudio.h>

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* s: a device that calls less often than this is taken for lost; and over which the load is the
 * mean; and in which a device is left. */
static const double patience = 2.0, load_seconds = 1.0, leave_seconds = 3.0;

struct audio {
    PaStream *stream;
    engine *engine;
    audio_plan plan;
    bool begun;
    uint32_t told_latency; /* samples, to a JACK server */
    double rate;
    uint64_t seen;                 /* blocks, when they were last seen to be more */
    struct timespec since;         /* when that was */
    uint64_t told_ns, told_frames; /* when the load was last worked out */
    double load, delay_in, delay_out;
    atomic_uint_fast64_t blocks, frames, xruns, ns, worst; /* worst: of a block's time, 1e-6 */
    atomic_bool has_thread, stopped, left;
    pthread_t thread; /* that runs the callback; there once has_thread is true */
};

sordino_status audio_start(const char *client, sordino_error *why)
{
    quiet_libraries();
    quiet_begin();
    PaJack_SetClientName(client);
    const PaError error = Pa_Initialize();
    quiet_end();
    if (error == paNoError)
        return SORDINO_OK;
    return fail(why, SORDINO_IO, "cannot be started (%s); see that sound works on this machine",
                Pa_GetErrorText(error));
}

void audio_end(void)
{
    jack_latency_forget();
    quiet_begin();
    Pa_Terminate();
    quiet_end();
}

/* ---- the callback */

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static int on_block(const void *in, void *out, unsigned long n,
                    const PaStreamCallbackTimeInfo *when, PaStreamCallbackFlags flags, void *user)
{
    audio *const a = user;
    const uint64_t start = now_ns();
    engine_run(a->engine, in, out, n);
    const uint64_t took = now_ns() - start;
    const PaStreamCallbackFlags lost =
        paInputUnderflow | paInputOverflow | paOutputUnderflow | paOutputOverflow;
    if (flags & lost)
        atomic_fetch_add_explicit(&a->xruns, 1, memory_order_relaxed);
    if (n > 0) {
        const uint64_t part = (uint64_t)((double)took * 1e-3 * a->rate / (double)n);
        if (part > atomic_load_explicit(&a->worst, memory_order_relaxed))
            atomic_store_explicit(&a->worst, part, memory_order_relaxed);
    }
    atomic_fetch_add_explicit(&a->ns, took, memory_order_relaxed);
    atomic_fetch_add_explicit(&a->frames, n, memory_order_relaxed);
    if (!atomic_load_explicit(&a->has_thread, memory_order_relaxed)) {
        a->thread = pthread_self();
        atomic_store_explicit(&a->has_thread, true, memory_order_release);
    }
    atomic_fetch_add_explicit(&a->blocks, 1, memory_order_relaxed);
    return paContinue;
}

static void on_end(void *user)
{
    audio *const a = user;
    atomic_store(&a->stopped, true);
}

static double seconds_since(const struct timespec *then)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) + 1e-9 * (double)(now.tv_nsec - then->tv_nsec);
}

/* ---- opening */

static PaStreamParameters parameters(int device, uint32_t channels, double latency, bool is_input)
{
    const PaDeviceInfo *const info = Pa_GetDeviceInfo(device);
    return (PaStreamParameters){.device = device,
                                .channelCount = (int)channels,
                                .sampleFormat = paFloat32,
                                .suggestedLatency = latency > 0 ? latency
                                                    : is_input  ? info->defaultLowInputLatency
                                                                : info->defaultLowOutputLatency};
}

static sordino_status fail_open(PaError error, const audio_plan *plan, sordino_error *why)
{
    const PaHostErrorInfo *const host = Pa_GetLastHostErrorInfo();
    const bool has_host = error == paUnanticipatedHostError && host && host->errorText;
    if (error == paInvalidSampleRate)
        return fail(why, SORDINO_UNSUPPORTED,
                    "does not run at %.9g Hz; leave --rate out to take the device's own rate",
                    plan->rate);
    return fail(why, SORDINO_IO, "cannot be opened (%s); see --list",
                has_host ? host->errorText : Pa_GetErrorText(error));
}

static bool is_jack(const audio_plan *plan)
{
    const int device = plan->input >= 0 ? plan->input : plan->output;
    return Pa_GetHostApiInfo(Pa_GetDeviceInfo(device)->hostApi)->type == paJACK;
}

/* A JACK server gives the blocks it gives; PortAudio would only queue them up into others, late. */
static unsigned long block_of(const audio_plan *plan)
{
    return is_jack(plan) ? paFramesPerBufferUnspecified : plan->block;
}

/* Of JACK the latencies of its ports: what PortAudio 19.6 tells of a stream is a period less, and
 * of ports without latency it is an unsigned number below 0. */
static void set_delays(audio *a, const audio_plan *plan)
{
    const PaStreamInfo *const info = Pa_GetStreamInfo(a->stream);
    if (is_jack(plan)) {
        if (plan->input >= 0)
            a->delay_in = Pa_GetDeviceInfo(plan->input)->defaultLowInputLatency;
        if (plan->output >= 0)
            a->delay_out = Pa_GetDeviceInfo(plan->output)->defaultLowOutputLatency;
    } else if (info) {
        a->delay_in = info->inputLatency;
        a->delay_out = info->outputLatency;
    }
}

static PaError open_stream(const audio_plan *plan, audio *a)
{
    PaStreamParameters in, out;
    if (plan->input >= 0)
        in = parameters(plan->input, plan->channels, plan->latency, true);
    if (plan->output >= 0)
        out = parameters(plan->output, plan->channels_out, plan->latency, false);
    quiet_begin();
    const PaError error = Pa_OpenStream(
        &a->stream, plan->input >= 0 ? &in : NULL, plan->output >= 0 ? &out : NULL, plan->rate,
        block_of(plan), paClipOff | paDitherOff | paPrimeOutputBuffersUsingStreamCallback, on_block,
        a);
    if (error == paNoError)
        Pa_SetStreamFinishedCallback(a->stream, on_end);
    else
        a->stream = NULL;
    quiet_end();
    return error;
}

sordino_status audio_open(const audio_plan *plan, engine *e, audio **out, sordino_error *why)
{
    *out = NULL;
    audio *const a = calloc(1, sizeof *a);
    if (!a)
        return fail_no_memory(why);
    a->engine = e;
    a->rate = plan->rate;
    a->plan = *plan;
    const PaError error = open_stream(plan, a);
    if (error != paNoError) {
        const sordino_status status = fail_open(error, plan, why);
        audio_close(a);
        return status;
    }
    *out = a;
    return SORDINO_OK;
}

sordino_status audio_begin(audio *a, sordino_error *why)
{
    quiet_begin();
    const PaError error = Pa_StartStream(a->stream);
    quiet_end();
    if (error != paNoError)
        return fail_open(error, &a->plan, why);
    a->begun = true;
    set_delays(a, &a->plan);
    audio_tell_latency(a);
    clock_gettime(CLOCK_MONOTONIC, &a->since);
    return SORDINO_OK;
}

static void close_stream(audio *a)
{
    if (a->begun && !atomic_load(&a->stopped))
        Pa_StopStream(a->stream);
    if (a->stream)
        Pa_CloseStream(a->stream);
}

void audio_close(audio *a)
{
    if (!a)
        return;
    quiet_begin();
    close_stream(a);
    quiet_end();
    free(a);
}

static void *leave(void *user)
{
    audio *const a = user;
    close_stream(a);
    Pa_Terminate();
    atomic_store(&a->left, true);
    return NULL;
}

bool audio_leave(audio *a)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    struct timespec start;
    pthread_t thread;
    clock_gettime(CLOCK_MONOTONIC, &start);
    jack_latency_forget();
    quiet_begin();
    if (pthread_create(&thread, NULL, leave, a) != 0) {
        quiet_end();
        return false;
    }
    while (!atomic_load(&a->left) && seconds_since(&start) < leave_seconds)
        nanosleep(&pause, NULL);
    quiet_end();
    if (!atomic_load(&a->left)) {
        pthread_detach(thread);
        return false;
    }
    pthread_join(thread, NULL);
    free(a);
    return true;
}

/* ---- while it runs */

void audio_tell_latency(audio *a)
{
    const uint32_t latency = engine_latency(a->engine);
    if (latency == a->told_latency || !is_jack(&a->plan))
        return;
    a->told_latency = latency;
    jack_latency_set(latency);
}

void audio_read_state(audio *a, audio_state *out)
{
    out->blocks = atomic_load(&a->blocks);
    out->frames = atomic_load(&a->frames);
    out->xruns = atomic_load(&a->xruns);
    out->worst = 1e-6 * (double)atomic_load(&a->worst);
    out->delay_in = a->delay_in;
    out->delay_out = a->delay_out;
    if ((double)(out->frames - a->told_frames) >= load_seconds * a->rate) {
        const uint64_t ns = atomic_load(&a->ns);
        a->load =
            1e-9 * (double)(ns - a->told_ns) * a->rate / (double)(out->frames - a->told_frames);
        a->told_ns = ns;
        a->told_frames = out->frames;
    }
    out->load = a->load;
    if (out->blocks != a->seen) {
        a->seen = out->blocks;
        clock_gettime(CLOCK_MONOTONIC, &a->since);
    }
    out->running = !atomic_load(&a->stopped) && seconds_since(&a->since) < patience;
}

sordino_status audio_raise_priority(audio *a, sordino_error *why)
{
    struct sched_param p;
    int policy;
    if (!atomic_load_explicit(&a->has_thread, memory_order_acquire))
        return fail(why, SORDINO_NOT_FOUND, "the callback has not run yet");
    if (pthread_getschedparam(a->thread, &policy, &p) == 0 &&
        (policy == SCHED_FIFO || policy == SCHED_RR))
        return SORDINO_OK;
    p.sched_priority = 60; /* below the kernel's own threads and JACK's at 70 */
    if (pthread_setschedparam(a->thread, SCHED_FIFO, &p) == 0)
        return SORDINO_OK;
    return fail(why, SORDINO_IO,
                "real-time priority is not allowed here, ordinary priority stays; raise rtprio in "
                "/etc/security/limits.conf");
}
