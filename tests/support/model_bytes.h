/* Model files made for tests, as bytes. */
#ifndef SUPPORT_MODEL_BYTES_H
#define SUPPORT_MODEL_BYTES_H

#include "core/model/model.h"

#include <stddef.h>

typedef struct file {
    unsigned char *bytes;
    size_t size;
} file;

#define WAVE(hop)                                                                                  \
    "{\"hop_samples\":" #hop ",\"kind\":\"wave\",\"lag_samples\":3,\"predicts_noise\":true,"       \
    "\"rate\":5.5,\"scale_time\":20}"
#define GRAPH(input, nodes) "{\"input\":" #input ",\"nodes\":[" nodes "]}"
#define RELU "{\"inputs\":[\"input\"],\"name\":\"r\",\"op\":\"relu\"}"
#define STFT_FRONT(window, hop, bands, features, rise, fall, tap_bins, taps)                       \
    "{\"bands_hz\":" bands ",\"features\":" features ",\"hop\":" hop ",\"kind\":\"stft\","         \
    "\"level_fall\":" fall ",\"level_rise\":" rise ",\"tap_bins\":" tap_bins ",\"taps\":" taps     \
    ",\"window\":" window "}"

/* A file of a header, padded with spaces, and data. */
file file_of(const char *header, const void *data, size_t data_bytes);

/* A sound container with any texts in it; NULL leaves an entry out. */
file file_with(const char *format, const char *graph_json, const char *front_json,
               const tensor *tensors, size_t n);

/* A wave model: two samples a frame through a 2 x 2 matrix. */
extern const char dense_graph[];
extern const tensor dense_tensors[2];
file dense_file(void);

/* A wave model that serves any rate, with four million multiplications for each sample. */
file slow_file(void);

/* Released with sordino_model_free; the test fails where it cannot be had. */
sordino_model *opened(const file *f);

#endif
