/* A profile's file is a safetensors container with the one tensor "noise_psd" [channels][bins]. */
#include "core/model/profile.h"

#include "core/base/error.h"
#include "core/model/json_node.h"
#include "core/model/json_text.h"
#include "core/model/model_path.h"
#include "core/model/printable.h"
#include "core/model/safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CHANNELS = 64, MIN_BINS = 2, MAX_BINS = 65537 };

static const char kind[] = "noise-profile";
static const char tensor_name[] = "noise_psd";

struct sordino_profile {
    uint32_t channels, bins;
    double rate;
    float psd[]; /* [channels][bins] */
};

static sordino_status no_memory(sordino_error *why)
{
    return error_set(why, SORDINO_NO_MEM, "Out of memory for a noise profile");
}

/* Checks sizes and rate and allocates; the caller fills and checks `psd`. */
static sordino_status allocate(uint32_t channels, uint32_t bins, double rate, sordino_profile **out,
                               sordino_error *why)
{
    if (channels < 1 || channels > MAX_CHANNELS)
        return error_set(why, SORDINO_BAD_ARG, "The profile has %u channels; 1 to %d are allowed",
                         channels, MAX_CHANNELS);
    if (bins < MIN_BINS || bins > MAX_BINS)
        return error_set(why, SORDINO_BAD_ARG, "The profile has %u bins; %d to %d are allowed",
                         bins, MIN_BINS, MAX_BINS);
    if (!(rate > 0.0) || !isfinite(rate))
        return error_set(why, SORDINO_BAD_ARG, "The profile's rate is %g Hz; it must be positive",
                         rate);
    *out = malloc(sizeof **out + sizeof(float) * channels * bins);
    if (!*out)
        return no_memory(why);
    **out = (sordino_profile){.channels = channels, .bins = bins, .rate = rate};
    return SORDINO_OK;
}

static sordino_status check_densities(const sordino_profile *p, sordino_error *why)
{
    for (uint32_t c = 0; c < p->channels; c++)
        for (uint32_t k = 0; k < p->bins; k++) {
            const float x = p->psd[(size_t)c * p->bins + k];
            if (!(x >= 0.0f) || !isfinite(x))
                return error_set(why, SORDINO_BAD_ARG,
                                 "The profile's density %u of channel %u is %g; it must be finite "
                                 "and not negative",
                                 k, c, (double)x);
        }
    return SORDINO_OK;
}

sordino_status sordino_profile_new(const float *psd, uint32_t channels, uint32_t bins, double rate,
                                   sordino_profile **out, sordino_error *why)
{
    if (!out)
        return error_set(why, SORDINO_BAD_ARG, "There is no place for the profile");
    *out = NULL;
    if (!psd)
        return error_set(why, SORDINO_BAD_ARG, "There are no densities");
    sordino_profile *p;
    sordino_status status = allocate(channels, bins, rate, &p, why);
    if (status)
        return status;
    memcpy(p->psd, psd, sizeof(float) * channels * bins);
    status = check_densities(p, why);
    if (status) {
        free(p);
        return status;
    }
    *out = p;
    return SORDINO_OK;
}

sordino_status profile_new_blank(uint32_t channels, uint32_t bins, double rate,
                                 sordino_profile **out, sordino_error *why)
{
    *out = NULL;
    sordino_profile *p;
    const sordino_status status = allocate(channels, bins, rate, &p, why);
    if (status)
        return status;
    memset(p->psd, 0, sizeof(float) * channels * bins);
    *out = p;
    return SORDINO_OK;
}

float *profile_densities(sordino_profile *p)
{
    return p->psd;
}

void sordino_profile_free(sordino_profile *profile)
{
    free(profile);
}

uint32_t sordino_profile_channels(const sordino_profile *profile)
{
    return profile ? profile->channels : 0;
}

uint32_t sordino_profile_bins(const sordino_profile *profile)
{
    return profile ? profile->bins : 0;
}

double sordino_profile_rate(const sordino_profile *profile)
{
    return profile ? profile->rate : 0.0;
}

const float *sordino_profile_psd(const sordino_profile *profile, uint32_t channel)
{
    if (!profile)
        return NULL;
    const uint32_t c = channel < profile->channels ? channel : profile->channels - 1;
    return profile->psd + (size_t)c * profile->bins;
}

sordino_status sordino_profile_save_bytes(const sordino_profile *profile, void **out_bytes,
                                          size_t *out_size, sordino_error *why)
{
    char format_key[] = "sordino.format", format[] = "1.0";
    char kind_key[] = "sordino.kind", kind_value[sizeof kind];
    char rate_key[] = "sordino.rate", rate[32] = "";
    if (!profile || !out_bytes || !out_size)
        return error_set(why, SORDINO_BAD_ARG, "The profile or the place for its bytes is missing");
    json_text number = {0};
    *out_bytes = NULL;
    *out_size = 0;
    json_text_number(&number, profile->rate);
    if (number.failed || number.n >= sizeof rate) {
        free(number.text);
        return no_memory(why);
    }
    memcpy(rate, number.text, number.n);
    free(number.text);
    memcpy(kind_value, kind, sizeof kind);
    const metadata_entry metadata[] = {
        {format_key, format}, {kind_key, kind_value}, {rate_key, rate}};
    tensor t = {.n_dims = 2, .dims = {profile->channels, profile->bins}};
    memcpy(t.name, tensor_name, sizeof tensor_name);
    t.data = (float *)(uintptr_t)profile->psd; /* only read */
    return safetensors_write(&t, 1, metadata, 3, out_bytes, out_size, why);
}

void sordino_profile_free_bytes(void *bytes)
{
    free(bytes);
}

/* The rate stands in the metadata as the text of a JSON number. */
static sordino_status read_rate(const safetensors *s, double *rate, sordino_error *why)
{
    const char *const text = safetensors_metadata(s->metadata, s->n_metadata, "sordino.rate");
    json_node *number = NULL;
    if (!text)
        return error_set(why, SORDINO_BAD_MODEL, "The noise profile has no sordino.rate");
    const sordino_status status = json_node_parse(text, strlen(text), "sordino.rate", &number, why);
    if (status)
        return status;
    const bool ok = json_node_number(number, rate);
    json_node_free(number);
    return ok ? SORDINO_OK
              : error_set(why, SORDINO_BAD_MODEL, "sordino.rate is \"%s\"; it must be a number",
                          printable_name(text).text);
}

static sordino_status from_container(const safetensors *s, sordino_profile **out,
                                     sordino_error *why)
{
    double rate;
    sordino_profile *p = NULL;
    sordino_status status = read_rate(s, &rate, why);
    if (status)
        return status;
    if (s->n != 1 || strcmp(s->entries[0].name, tensor_name) != 0 || s->entries[0].n_dims != 2)
        return error_set(why, SORDINO_BAD_MODEL,
                         "A noise profile must hold just the tensor \"%s\" [channels][bins]",
                         tensor_name);
    status = allocate(s->entries[0].dims[0], s->entries[0].dims[1], rate, &p, why);
    if (!status)
        status = safetensors_values(&s->entries[0], p->psd, why);
    if (!status)
        status = check_densities(p, why);
    if (status) {
        free(p);
        return status;
    }
    *out = p;
    return SORDINO_OK;
}

sordino_status sordino_profile_open_bytes(const void *bytes, size_t size, sordino_profile **out,
                                          sordino_error *why)
{
    safetensors *s;
    if (!out)
        return error_set(why, SORDINO_BAD_ARG, "There is no place for the profile");
    *out = NULL;
    if (!bytes)
        return error_set(why, SORDINO_BAD_ARG, "There are no bytes to read");
    sordino_status status = safetensors_read(bytes, size, kind, &s, why);
    if (status)
        return status;
    status = from_container(s, out, why);
    safetensors_free(s);
    if (status == SORDINO_BAD_ARG) { /* an argument there, damage here */
        status = SORDINO_BAD_MODEL;
        if (why)
            why->status = status;
    }
    return status;
}

sordino_status sordino_profile_save_path(const sordino_profile *profile, const char *path,
                                         sordino_error *why)
{
    void *bytes;
    size_t size;
    sordino_status status = sordino_profile_save_bytes(profile, &bytes, &size, why);
    if (status)
        return status;
    status = model_write_path(path, bytes, size, why);
    free(bytes);
    return status;
}

sordino_status sordino_profile_open_path(const char *path, sordino_profile **out,
                                         sordino_error *why)
{
    const size_t most = 8 + SAFETENSORS_MAX_HEADER + sizeof(float) * MAX_CHANNELS * MAX_BINS;
    void *bytes;
    size_t size;
    if (!out)
        return error_set(why, SORDINO_BAD_ARG, "There is no place for the profile");
    *out = NULL;
    sordino_status status = model_read_path(path, most, &bytes, &size, why);
    if (status)
        return status;
    status = sordino_profile_open_bytes(bytes, size, out, why);
    free(bytes);
    return status;
}
