/*
 * Every value is [1][T][width], as frames lie in memory. Convolutions turn it to channels first and
 * back; padding of the past on one side makes them causal. What has no operator in opset 17 is
 * spelled out: gelu by its formula, running_norm as a Scan over the frames.
 */
#include "trainer/onnx.h"
#include "trainer/onnx_build.h"

#include "core/base/error.h"
#include "core/model/model.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One node being exported. */
typedef struct exporter {
    onnx_build *b;
    const sordino_model *model;
    const graph_node *node;
    const char *in[GRAPH_MAX_INPUTS]; /* names of values */
    uint32_t in_width;                /* of the first */
} exporter;

static double attr(const exporter *e, const char *name)
{
    for (uint32_t i = 0; i < e->node->n_attrs; i++)
        if (strcmp(e->node->attrs[i].name, name) == 0)
            return e->node->attrs[i].value;
    return 0.0;
}

static int64_t whole(const exporter *e, const char *name)
{
    return (int64_t)attr(e, name);
}

/* A parameter; NULL when the node has none of that suffix. */
static const tensor *param(const exporter *e, const char *suffix)
{
    char name[TENSOR_MAX_NAME];
    snprintf(name, sizeof name, "%s.%s", e->node->name, suffix);
    return tensor_set_find(e->model->tensors, name);
}

/* A parameter as a constant, as it is. */
static const char *constant(const exporter *e, const char *suffix)
{
    const tensor *const t = param(e, suffix);
    int64_t dims[TENSOR_MAX_DIMS];
    for (uint32_t i = 0; i < t->n_dims; i++)
        dims[i] = t->dims[i];
    return onnx_build_floats(e->b, suffix, t->n_dims, dims, t->data);
}

static const char *number(const exporter *e, const char *suffix, double value)
{
    const float x = (float)value;
    return onnx_build_floats(e->b, suffix, 0, NULL, &x);
}

static const char *emit1(const exporter *e, const char *op, const char *x)
{
    return onnx_build_node(e->b, op, 1, &x, 1);
}

static const char *emit2(const exporter *e, const char *op, const char *x, const char *y)
{
    const char *const in[2] = {x, y};
    return onnx_build_node(e->b, op, 2, in, 1);
}

static const char *transpose(const exporter *e, const char *x, size_t n, const int64_t *order)
{
    const char *const y = emit1(e, "Transpose", x);
    onnx_build_ints(e->b, "perm", n, order);
    return y;
}

/* ---- ops ---- */

/* A convolution of the value `x`, with its weight and, where there is one, its bias. */
static const char *convolve(const exporter *e, const char *op, const char *x, const char *weight)
{
    const char *const in[3] = {x, weight, param(e, "bias") ? constant(e, "bias") : NULL};
    const char *const y = onnx_build_node(e->b, op, in[2] ? 3 : 2, in, 1);
    onnx_build_int(e->b, "group", whole(e, "groups"));
    return y;
}

static const char *export_conv1d(const exporter *e)
{
    static const int64_t swap[3] = {0, 2, 1};
    const int64_t kernel = whole(e, "kernel"), dilation = whole(e, "dilation");
    const int64_t pads[2] = {(kernel - 1) * dilation, 0};
    const char *const x = transpose(e, e->in[0], 3, swap);
    const char *const y = convolve(e, "Conv", x, constant(e, "weight"));
    onnx_build_ints(e->b, "kernel_shape", 1, &kernel);
    onnx_build_ints(e->b, "dilations", 1, &dilation);
    onnx_build_ints(e->b, "pads", 2, pads);
    return transpose(e, y, 3, swap);
}

/* [1][T][F * C] to [1][C][T][F]. */
static const char *to_channels_first(const exporter *e, const char *x, int64_t freq)
{
    static const int64_t order[4] = {0, 3, 1, 2};
    const int64_t shape[4] = {0, 0, freq, e->in_width / freq}; /* 0: as it is */
    const char *const y = emit2(e, "Reshape", x, onnx_build_whole(e->b, 4, shape));
    return transpose(e, y, 4, order);
}

static const char *from_channels_first(const exporter *e, const char *x)
{
    static const int64_t order[4] = {0, 2, 3, 1};
    const int64_t shape[3] = {0, 0, e->node->width};
    const char *const y = transpose(e, x, 4, order);
    return emit2(e, "Reshape", y, onnx_build_whole(e->b, 3, shape));
}

/* What both convolutions with frequency have. `past` pads the side of time that is given. */
static void frequency_attributes(const exporter *e, int64_t past_begin, int64_t past_end)
{
    const int64_t kernel[2] = {whole(e, "kernel_t"), whole(e, "kernel_f")};
    const int64_t dilations[2] = {whole(e, "dilation_t"), 1},
                  strides[2] = {1, whole(e, "stride_f")};
    const int64_t said = whole(e, "pad_f"), pad = said >= 0 ? said : (kernel[1] - 1) / 2;
    const int64_t pads[4] = {past_begin, pad, past_end, pad};
    onnx_build_ints(e->b, "kernel_shape", 2, kernel);
    onnx_build_ints(e->b, "dilations", 2, dilations);
    onnx_build_ints(e->b, "strides", 2, strides);
    onnx_build_ints(e->b, "pads", 4, pads);
}

static const char *export_conv_freq(const exporter *e)
{
    const int64_t past = (whole(e, "kernel_t") - 1) * whole(e, "dilation_t");
    const char *const x = to_channels_first(e, e->in[0], whole(e, "freq"));
    const char *const y = convolve(e, "Conv", x, constant(e, "weight"));
    frequency_attributes(e, past, 0);
    return from_channels_first(e, y);
}

/* The weight with the time taps turned round: the operator's first tap is the present. */
static const char *turned_weight(const exporter *e)
{
    const tensor *const t = param(e, "weight");
    const size_t taps = t->dims[2], row = t->dims[3], n = tensor_size(t) / (taps * row);
    const int64_t dims[4] = {t->dims[0], t->dims[1], t->dims[2], t->dims[3]};
    float *const turned = malloc(tensor_size(t) * sizeof *turned);
    if (!turned)
        return NULL;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < taps; k++)
            memcpy(turned + (i * taps + k) * row, t->data + (i * taps + taps - 1 - k) * row,
                   row * sizeof *turned);
    const char *const name = onnx_build_floats(e->b, "weight", 4, dims, turned);
    free(turned);
    return name;
}

/* Padding takes away from the result of a transposed convolution: here what is after the end. */
static const char *export_conv_freq_transposed(const exporter *e)
{
    const int64_t past = (whole(e, "kernel_t") - 1) * whole(e, "dilation_t");
    const int64_t more[2] = {0, whole(e, "out_pad_f")};
    const char *const weight = turned_weight(e);
    if (!weight)
        return NULL;
    const char *const x = to_channels_first(e, e->in[0], whole(e, "freq"));
    const char *const y = convolve(e, "ConvTranspose", x, weight);
    frequency_attributes(e, 0, past);
    onnx_build_ints(e->b, "output_padding", 2, more);
    return from_channels_first(e, y);
}

static const char *export_dense(const exporter *e)
{
    static const int64_t swap[2] = {1, 0};
    const char *const weight = transpose(e, constant(e, "weight"), 2, swap);
    const char *const y = emit2(e, "MatMul", e->in[0], weight);
    return param(e, "bias") ? emit2(e, "Add", y, constant(e, "bias")) : y;
}

/* values [channels], made or given, repeated over the width; NULL when out of memory. */
static const char *repeated(const exporter *e, const char *suffix, const float *values, uint32_t n)
{
    const uint32_t width = e->in_width;
    const int64_t dims = width;
    float *const all = malloc(width * sizeof *all);
    if (!all)
        return NULL;
    for (uint32_t i = 0; i < width; i++)
        all[i] = values[i % n];
    const char *const name = onnx_build_floats(e->b, suffix, 1, &dims, all);
    free(all);
    return name;
}

static const char *repeated_param(const exporter *e, const char *suffix)
{
    const tensor *const t = param(e, suffix);
    return repeated(e, suffix, t->data, t->dims[0]);
}

static const char *export_prelu(const exporter *e)
{
    const char *const slope = repeated_param(e, "weight");
    return slope ? emit2(e, "PRelu", e->in[0], slope) : NULL;
}

static const char *export_relu(const exporter *e)
{
    return emit1(e, "Relu", e->in[0]);
}

static const char *export_tanh(const exporter *e)
{
    return emit1(e, "Tanh", e->in[0]);
}

static const char *export_sigmoid(const exporter *e)
{
    return emit1(e, "Sigmoid", e->in[0]);
}

static const char *export_gelu(const exporter *e)
{
    const double root = sqrt(2.0 / 3.14159265358979323846);
    const char *const x = e->in[0];
    const char *y;
    if (whole(e, "approximate") == 0) {
        y = emit1(e, "Erf", emit2(e, "Mul", x, number(e, "root", sqrt(0.5))));
    } else {
        const char *const square = emit2(e, "Mul", x, x);
        const char *const cubic = emit2(e, "Mul", square, number(e, "cubic", 0.044715 * root));
        const char *const sum = emit2(e, "Add", cubic, number(e, "root", root));
        y = emit1(e, "Tanh", emit2(e, "Mul", x, sum));
    }
    y = emit2(e, "Add", y, number(e, "one", 1.0));
    return emit2(e, "Mul", y, emit2(e, "Mul", x, number(e, "half", 0.5)));
}

/* Two at a time: an operator for many is not as widely served. */
static const char *in_turn(const exporter *e, const char *op)
{
    const char *y = e->in[0];
    for (uint32_t i = 1; i < e->node->n_inputs; i++)
        y = emit2(e, op, y, e->in[i]);
    return y;
}

static const char *export_add(const exporter *e)
{
    return in_turn(e, "Add");
}

static const char *export_mul(const exporter *e)
{
    return in_turn(e, "Mul");
}

static const char *export_concat(const exporter *e)
{
    const char *const y = onnx_build_node(e->b, "Concat", e->node->n_inputs, e->in, 1);
    onnx_build_int(e->b, "axis", 2);
    return y;
}

static const char *export_slice(const exporter *e)
{
    const int64_t start = whole(e, "start"), end = start + whole(e, "count"), axis = 2;
    const char *const in[4] = {e->in[0], onnx_build_whole(e->b, 1, &start),
                               onnx_build_whole(e->b, 1, &end), onnx_build_whole(e->b, 1, &axis)};
    return onnx_build_node(e->b, "Slice", 4, in, 1);
}

static const char *export_transpose(const exporter *e)
{
    static const int64_t order[4] = {0, 1, 3, 2};
    const int64_t rows = whole(e, "rows");
    const int64_t split[4] = {0, 0, rows, e->in_width / rows}, flat[3] = {0, 0, e->in_width};
    const char *const x = emit2(e, "Reshape", e->in[0], onnx_build_whole(e->b, 4, split));
    return emit2(e, "Reshape", transpose(e, x, 4, order), onnx_build_whole(e->b, 3, flat));
}

static const char *export_pad(const exporter *e)
{
    const int64_t pads[6] = {0, 0, whole(e, "before"), 0, 0, whole(e, "after")};
    return emit2(e, "Pad", e->in[0], onnx_build_whole(e->b, 6, pads));
}

static const char *affine(const exporter *e, const char *gain, const char *shift)
{
    return gain && shift ? emit2(e, "Add", emit2(e, "Mul", e->in[0], gain), shift) : NULL;
}

static const char *export_scale(const exporter *e)
{
    return affine(e, repeated_param(e, "weight"), repeated_param(e, "bias"));
}

/* As one gain and one shift; the operator would want channels first. */
static const char *export_batch_norm(const exporter *e)
{
    const tensor *const weight = param(e, "weight"), *const bias = param(e, "bias");
    const tensor *const mean = param(e, "running_mean"), *const var = param(e, "running_var");
    const uint32_t n = weight->dims[0];
    float *const both = malloc(2 * (size_t)n * sizeof *both);
    if (!both)
        return NULL;
    for (uint32_t i = 0; i < n; i++) {
        const double gain = (double)weight->data[i] / sqrt((double)var->data[i] + attr(e, "eps"));
        both[i] = (float)gain;
        both[n + i] = (float)((double)bias->data[i] - (double)mean->data[i] * gain);
    }
    const char *const gain = repeated(e, "gain", both, n);
    const char *const shift = repeated(e, "shift", both + n, n);
    free(both);
    return affine(e, gain, shift);
}

static const char *export_layer_norm(const exporter *e)
{
    const char *const in[3] = {e->in[0], constant(e, "weight"), constant(e, "bias")};
    const char *const y = onnx_build_node(e->b, "LayerNormalization", 3, in, 1);
    onnx_build_int(e->b, "axis", -1);
    onnx_build_float(e->b, "epsilon", (float)attr(e, "eps"));
    return y;
}

/* One frame: the number of frames before, mean and variance go in and out. */
static void running_norm_body(const exporter *e)
{
    const int64_t one = 1, row[2] = {1, e->in_width};
    static const char *const in[4] = {"n", "mean", "var", "x"};
    const char *out[4];
    onnx_build_open_body(e->b);
    for (int i = 0; i < 4; i++)
        onnx_build_input(e->b, in[i], i == 0 ? 1 : 2, i == 0 ? &one : row);
    const char *const unit = number(e, "one", 1.0);
    out[0] = emit2(e, "Add", in[0], unit);
    const char *const rate =
        emit2(e, "Max", emit2(e, "Div", unit, out[0]), number(e, "rate", 1.0 / attr(e, "time")));
    const char *const d = emit2(e, "Sub", in[3], in[1]);
    const char *const step = emit2(e, "Mul", rate, d);
    out[1] = emit2(e, "Add", in[1], step);
    out[2] = emit2(e, "Mul", emit2(e, "Sub", unit, rate),
                   emit2(e, "Add", in[2], emit2(e, "Mul", step, d)));
    const char *const spread =
        emit1(e, "Sqrt", emit2(e, "Add", out[2], number(e, "eps", attr(e, "eps"))));
    out[3] = emit2(e, "Div", emit2(e, "Sub", in[3], out[1]), spread);
    for (int i = 0; i < 4; i++)
        onnx_build_output(e->b, out[i], i == 0 ? 1 : 2, i == 0 ? &one : row);
    onnx_build_close_body(e->b);
}

static const char *export_running_norm(const exporter *e)
{
    const int64_t one = 1, axis = 1, row[2] = {1, e->in_width};
    const float zero = 0.0f;
    float *const zeros = calloc(e->in_width, sizeof *zeros);
    if (!zeros)
        return NULL;
    const char *const in[4] = {onnx_build_floats(e->b, "frames", 1, &one, &zero),
                               onnx_build_floats(e->b, "mean", 2, row, zeros),
                               onnx_build_floats(e->b, "variance", 2, row, zeros), e->in[0]};
    free(zeros);
    const char *const y = onnx_build_node(e->b, "Scan", 4, in, 4);
    onnx_build_int(e->b, "num_scan_inputs", 1);
    onnx_build_ints(e->b, "scan_input_axes", 1, &axis);
    onnx_build_ints(e->b, "scan_output_axes", 1, &axis);
    running_norm_body(e);
    return y;
}

/* A weight, or two biases one after the other, with the gates in the operator's order z, r, n and a
 * leading dimension of 1 for its one direction. NULL when out of memory. */
static const char *gates(const exporter *e, const char *suffix, const tensor *from,
                         const tensor *more)
{
    const size_t gate = tensor_size(from) / 3, n = more ? 2 : 1;
    const int64_t dims[3] = {1, (int64_t)n * from->dims[0], from->n_dims > 1 ? from->dims[1] : 0};
    float *const all = malloc(n * 3 * gate * sizeof *all);
    if (!all)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const float *const data = (i ? more : from)->data;
        float *const to = all + i * 3 * gate;
        memcpy(to, data + gate, gate * sizeof *to);
        memcpy(to + gate, data, gate * sizeof *to);
        memcpy(to + 2 * gate, data + 2 * gate, gate * sizeof *to);
    }
    const char *const name = onnx_build_floats(e->b, suffix, from->n_dims > 1 ? 3 : 2, dims, all);
    free(all);
    return name;
}

/* Frequencies are the operator's batch: [T][F][C] to [T][1][F][H]. */
static const char *export_gru_freq(const exporter *e)
{
    const int64_t freq = whole(e, "freq"), hidden = whole(e, "hidden");
    const int64_t split[3] = {-1, freq, e->in_width / freq}, flat[3] = {1, -1, freq * hidden};
    const bool bias = attr(e, "bias") > 0;
    const char *in[4] = {NULL, gates(e, "weight_ih", param(e, "weight_ih"), NULL),
                         gates(e, "weight_hh", param(e, "weight_hh"), NULL), NULL};
    if (bias)
        in[3] = gates(e, "bias", param(e, "bias_ih"), param(e, "bias_hh"));
    if (!in[1] || !in[2] || (bias && !in[3]))
        return NULL;
    in[0] = emit2(e, "Reshape", e->in[0], onnx_build_whole(e->b, 3, split));
    const char *const y = onnx_build_node(e->b, "GRU", bias ? 4 : 3, in, 1);
    onnx_build_int(e->b, "hidden_size", hidden);
    onnx_build_int(e->b, "linear_before_reset", 1);
    return emit2(e, "Reshape", y, onnx_build_whole(e->b, 3, flat));
}

/* ---- the graph ---- */

static const struct {
    const char *op;
    const char *(*run)(const exporter *e); /* the result's name; NULL when out of memory */
} exports[] = {
    {"add", export_add},
    {"batch_norm", export_batch_norm},
    {"concat", export_concat},
    {"conv1d", export_conv1d},
    {"conv_freq", export_conv_freq},
    {"conv_freq_transposed", export_conv_freq_transposed},
    {"dense", export_dense},
    {"gelu", export_gelu},
    {"gru_freq", export_gru_freq},
    {"layer_norm", export_layer_norm},
    {"mul", export_mul},
    {"pad", export_pad},
    {"prelu", export_prelu},
    {"relu", export_relu},
    {"running_norm", export_running_norm},
    {"scale", export_scale},
    {"sigmoid", export_sigmoid},
    {"slice", export_slice},
    {"tanh", export_tanh},
    {"transpose", export_transpose},
};

static sordino_status no_memory(sordino_error *why)
{
    return error_set(why, SORDINO_NO_MEM, "Out of memory for an ONNX model");
}

static sordino_status export_node(exporter *e, const char **out, sordino_error *why)
{
    onnx_build_scope(e->b, e->node->name);
    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++) {
        if (strcmp(exports[i].op, e->node->op) == 0) {
            *out = exports[i].run(e);
            return *out ? SORDINO_OK : no_memory(why);
        }
    }
    return error_set(why, SORDINO_UNSUPPORTED, "Node %s: there is no %s in ONNX", e->node->name,
                     e->node->op);
}

/* `names` [nodes] are the values' names. */
static sordino_status export_nodes(onnx_build *b, const sordino_model *m, const char **names,
                                   sordino_error *why)
{
    const graph *const g = m->graph;
    const size_t n = graph_size(g);
    const int64_t in[3] = {1, -1, graph_at(g, 0)->width}, out[3] = {1, -1, graph_output(g)->width};
    names[0] = "input";
    onnx_build_input(b, "input", 3, in);
    for (size_t i = 1; i < n; i++) {
        exporter e = {.b = b, .model = m, .node = graph_at(g, i)};
        e.in_width = graph_at(g, e.node->inputs[0])->width;
        for (uint32_t k = 0; k < e.node->n_inputs; k++)
            e.in[k] = names[e.node->inputs[k]];
        const sordino_status status = export_node(&e, &names[i], why);
        if (status)
            return status;
    }
    onnx_build_alias(b, names[n - 1], "output");
    onnx_build_output(b, "output", 3, out);
    return SORDINO_OK;
}

/* All that does not speak of the safetensors file itself, or of the graph, which is there anew. */
static void export_metadata(onnx_build *b, const sordino_model *m)
{
    static const char *const left_out[] = {"sordino.crc32", "sordino.format", "sordino.graph",
                                           "sordino.kind"};
    for (size_t i = 0; i < m->n_metadata; i++) {
        bool keep = true;
        for (size_t k = 0; k < sizeof left_out / sizeof *left_out; k++)
            keep = keep && strcmp(m->metadata[i].key, left_out[k]) != 0;
        if (keep)
            onnx_build_metadata(b, m->metadata[i].key, m->metadata[i].value);
    }
}

static sordino_status export_model(const sordino_model *m, void **bytes, size_t *size,
                                   sordino_error *why)
{
    onnx_build *const b = onnx_build_new();
    const char **const names = calloc(graph_size(m->graph), sizeof *names);
    sordino_status status = b && names ? export_nodes(b, m, names, why) : no_memory(why);
    if (!status) {
        export_metadata(b, m);
        status = onnx_build_pack(b, sordino_model_name(m), bytes, size, why);
    }
    free(names);
    onnx_build_free(b);
    return status;
}

sordino_status onnx_write(const sordino_model *model, const char *path, sordino_error *why)
{
    void *bytes = NULL;
    size_t size = 0;
    if (!model || !path)
        return error_set(why, SORDINO_BAD_ARG, "There is no model, or no path, to write");
    sordino_status status = export_model(model, &bytes, &size, why);
    if (!status)
        status = model_write_path(path, bytes, size, why);
    free(bytes);
    return status;
}
