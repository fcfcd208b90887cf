/* The library is PortAudio's, not ours: its functions are looked up, not linked. What is declared
 * here is part of JACK's stable interface (jack/jack.h, jack/types.h). */
#include "stream/jack_latency.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { CAPTURE = 0, PLAYBACK = 1 };       /* JackCaptureLatency, JackPlaybackLatency */
enum { IS_INPUT = 0x1, IS_OUTPUT = 0x2 }; /* JackPortFlags */

static const char audio_type[] = "32 bit float mono audio"; /* JACK_DEFAULT_AUDIO_TYPE */

typedef struct range {
    uint32_t min, max; /* samples */
} range;

typedef void on_latency_function(int mode, void *user);

static struct {
    int (*activate)(void *client);
    int (*set_callback)(void *client, on_latency_function *f, void *user);
    int (*recompute)(void *client);
    const char **(*get_ports)(void *client, const char *name, const char *type,
                              unsigned long flags);
    void *(*port_by_name)(void *client, const char *name);
    int (*port_is_mine)(const void *client, const void *port);
    void (*get_range)(void *port, int mode, range *out);
    void (*set_range)(void *port, int mode, range *in);
    void (*free)(void *array);
} jack;

static void *_Atomic our_client;
static atomic_uint our_latency;

/* Calls `act` for each of our own ports on one side; returns how many there are. */
static int each_port(void *client, unsigned long side, int mode, void (*act)(void *, int, range *),
                     range *r)
{
    const char **const names = jack.get_ports(client, NULL, audio_type, side);
    int n = 0;
    for (const char **name = names; name && *name; name++) {
        void *const port = jack.port_by_name(client, *name);
        if (!port || !jack.port_is_mine(client, port))
            continue;
        act(port, mode, r);
        n++;
    }
    if (names)
        jack.free(names);
    return n;
}

static void widen(void *port, int mode, range *all)
{
    range r = {0, 0};
    jack.get_range(port, mode, &r);
    if (r.min < all->min)
        all->min = r.min;
    if (r.max > all->max)
        all->max = r.max;
}

static void put(void *port, int mode, range *r)
{
    jack.set_range(port, mode, r);
}

/* By a thread of JACK's: what comes late to one side leaves later by the other. */
static void on_latency(int mode, void *client)
{
    const unsigned latency = atomic_load(&our_latency);
    range r = {UINT32_MAX, 0};
    if (each_port(client, mode == CAPTURE ? IS_INPUT : IS_OUTPUT, mode, widen, &r) == 0)
        return; /* nothing passes through */
    r.min += latency;
    r.max += latency;
    each_port(client, mode == CAPTURE ? IS_OUTPUT : IS_INPUT, mode, put, &r);
}

static bool find_functions(void)
{
    static const char *const names[] = {"jack_activate",
                                        "jack_set_latency_callback",
                                        "jack_recompute_total_latencies",
                                        "jack_get_ports",
                                        "jack_port_by_name",
                                        "jack_port_is_mine",
                                        "jack_port_get_latency_range",
                                        "jack_port_set_latency_range",
                                        "jack_free"};
    void **const to[] = {
        (void **)&jack.activate,  (void **)&jack.set_callback, (void **)&jack.recompute,
        (void **)&jack.get_ports, (void **)&jack.port_by_name, (void **)&jack.port_is_mine,
        (void **)&jack.get_range, (void **)&jack.set_range,    (void **)&jack.free};
    void *const library = dlopen("libjack.so.0", RTLD_NOW); /* the one that is loaded */
    bool all = library != NULL;
    for (size_t i = 0; library && i < sizeof names / sizeof *names; i++) {
        *to[i] = dlsym(library, names[i]);
        all = all && *to[i];
    }
    return all;
}

/* In the place of libjack's for all of this program, and so for PortAudio. */
__attribute__((visibility("default"))) int jack_activate(void *client);

int jack_activate(void *client)
{
    const bool all = find_functions();
    if (all && jack.set_callback(client, on_latency, client) == 0)
        atomic_store(&our_client, client);
    return jack.activate ? jack.activate(client) : -1;
}

void jack_latency_set(uint32_t samples)
{
    void *const client = atomic_load(&our_client);
    atomic_store(&our_latency, samples);
    if (client)
        jack.recompute(client);
}

void jack_latency_forget(void)
{
    atomic_store(&our_client, NULL);
}
