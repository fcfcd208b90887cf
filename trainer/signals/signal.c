#include "trainer/signals/signal.h"

#include "trainer/signals/kinds.h"

#include <string.h>

static const signal_kind *const kinds[] = {
    /* clean */
    &signal_speech,
    &signal_music,
    &signal_tones,
    &signal_calcium,
    &signal_ecg,
    &signal_spikes,
    &signal_steps,
    &signal_chirps,
    &signal_vibration,
    &signal_autoregressive,
    &signal_random_walk,
    &signal_smooth,
    /* noise */
    &signal_coloured,
    &signal_hum,
    &signal_fan,
    &signal_hiss,
    &signal_crackle,
    &signal_impulses,
    &signal_babble,
};

const signal_kind *signal_at(size_t i)
{
    return i < sizeof kinds / sizeof *kinds ? kinds[i] : NULL;
}

const signal_kind *signal_find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (name && strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}
