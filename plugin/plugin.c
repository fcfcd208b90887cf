/* The LV2 plugins' door to the host: ports in, ports out. */
#include "plugin/change.h"
#include "plugin/messages.h"
#include "plugin/state.h"

#include <lv2/core/lv2.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double meter_time = 0.050; /* s */
static const float level_floor = -120.0f, level_top = 20.0f;

static const struct range {
    float low, high, first;
} ranges[N_CONTROLS] = {PORT_RANGES};

static LV2_Handle instantiate(const LV2_Descriptor *descriptor, double rate,
                              const char *bundle_path, const LV2_Feature *const *features)
{
    const uint32_t channels = strcmp(descriptor->URI, SORDINO_URI_STEREO) == 0 ? 2 : 1;
    return instance_new(channels, rate, bundle_path, features);
}

static void connect_port(LV2_Handle handle, uint32_t port, void *data)
{
    instance *x = handle;
    if (port < 2 * x->n_channels)
        x->audio[port] = data;
    else if (port - 2 * x->n_channels < N_PORTS)
        x->ports[port - 2 * x->n_channels] = data;
}

static void activate(LV2_Handle handle)
{
    instance *x = handle;
    methods_reset(x->methods);
    x->meter_left = 0;
}

/* A control's value; its default where the host connected nothing or gives no number. */
static float control(const instance *x, enum port port)
{
    const float *at = x->ports[port];
    return at && !isnan(*at) ? fminf(fmaxf(*at, ranges[port].low), ranges[port].high)
                             : ranges[port].first;
}

static unsigned choice(const instance *x, enum port port)
{
    return (unsigned)(control(x, port) + 0.5f);
}

static bool is_on(const instance *x, enum port port)
{
    return control(x, port) > 0.0f;
}

static void write_port(instance *x, enum port port, float value)
{
    if (x->ports[port])
        *(float *)x->ports[port] = value;
}

static float shown(float db)
{
    return fminf(fmaxf(db, level_floor), level_top);
}

static void show_meters(instance *x, uint32_t n)
{
    if (n >= x->meter_left) {
        sordino_meters m;
        methods_read_meters(x->methods, &m);
        x->input_level = shown(m.input_db);
        x->output_level = shown(m.output_db);
        x->reduction = fmaxf(x->input_level - x->output_level, 0.0f);
        x->meter_left = (uint32_t)(meter_time * x->rate);
    } else {
        x->meter_left -= n;
    }
    write_port(x, PORT_INPUT_LEVEL, x->input_level);
    write_port(x, PORT_OUTPUT_LEVEL, x->output_level);
    write_port(x, PORT_REDUCTION, x->reduction);
    write_port(x, PORT_RUNNING, (float)methods_running(x->methods));
}

static void run(LV2_Handle handle, uint32_t n)
{
    instance *x = handle;
    const methods_controls controls = {
        .enabled = is_on(x, PORT_ENABLED),
        .delta = choice(x, PORT_LISTEN) == LISTEN_REMOVED,
        .learn = is_on(x, PORT_LEARN),
        .use_profile = is_on(x, PORT_PROFILE),
        .limit = (double)control(x, PORT_LIMIT),
        .mix = (double)control(x, PORT_MIX),
        .method = choice(x, PORT_METHOD),
        .delay = choice(x, PORT_DELAY),
    };
    messages_read(x);
    change_step(x, is_on(x, PORT_FREEWHEEL));
    if (methods_set(x->methods, &controls, learned_place(&x->learned))) {
        learned_publish(&x->learned);
        x->tell_changed = true;
    }
    messages_write(x);
    write_port(x, PORT_LATENCY, (float)methods_latency(x->methods, controls.delay));
    if (n > 0) {
        const float *in[METHODS_MAX_CHANNELS];
        float *out[METHODS_MAX_CHANNELS];
        for (uint32_t c = 0; c < x->n_channels; c++) {
            in[c] = x->audio[c];
            out[c] = x->audio[x->n_channels + c];
        }
        methods_run(x->methods, in, out, n);
    }
    show_meters(x, n);
}

static void cleanup(LV2_Handle handle)
{
    instance_free(handle);
}

static const void *extension_data(const char *uri)
{
    if (strcmp(uri, LV2_WORKER__interface) == 0)
        return &change_worker;
    return strcmp(uri, LV2_STATE__interface) == 0 ? &state_interface : NULL;
}

static const LV2_Descriptor descriptors[] = {
    {SORDINO_URI_MONO, instantiate, connect_port, activate, run, NULL, cleanup, extension_data},
    {SORDINO_URI_STEREO, instantiate, connect_port, activate, run, NULL, cleanup, extension_data},
};

LV2_SYMBOL_EXPORT const LV2_Descriptor *lv2_descriptor(uint32_t index)
{
    return index < sizeof descriptors / sizeof *descriptors ? &descriptors[index] : NULL;
}
