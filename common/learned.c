#include "common/learned.h"

enum { PLACE = 3, NEW = 4 };

sordino_status learned_init(learned *l, const sordino_denoiser *d, sordino_error *why)
{
    *l = (learned){.filling = 0, .reading = 2};
    atomic_init(&l->between, 1);
    for (int i = 0; i < LEARNED_PLACES; i++) {
        const sordino_status status = sordino_denoiser_blank_profile(d, &l->places[i], why);
        if (status != SORDINO_OK)
            return status;
    }
    return SORDINO_OK;
}

void learned_free(learned *l)
{
    for (int i = 0; i < LEARNED_PLACES; i++)
        sordino_profile_free(l->places[i]);
}

sordino_profile *learned_place(learned *l)
{
    return l->places[l->filling];
}

void learned_publish(learned *l)
{
    l->filling = atomic_exchange(&l->between, l->filling | NEW) & PLACE;
}

bool learned_end(sordino_denoiser *d, sordino_profile *place)
{
    const bool had = place && sordino_denoiser_copy_profile(d, place);
    sordino_denoiser_set_profile(d, NULL);
    sordino_denoiser_set_learn(d, false);
    if (place && sordino_denoiser_copy_profile(d, place))
        return true;
    if (had)
        sordino_denoiser_set_profile(d, place);
    return false;
}

bool learned_has_news(const learned *l)
{
    return atomic_load(&l->between) & NEW;
}

const sordino_profile *learned_newest(learned *l)
{
    if (atomic_load(&l->between) & NEW) {
        l->reading = atomic_exchange(&l->between, l->reading) & PLACE;
        l->has = true;
    }
    return l->has ? l->places[l->reading] : NULL;
}

void learned_clear(learned *l)
{
    (void)learned_newest(l);
    l->has = false;
}
