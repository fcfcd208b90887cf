/* Convolutions over frames [F][C], causal in time; one narrows the frequencies, one widens them. */
#include "core/base/error.h"
#include "core/ops/ops.h"

enum {
    FREQ,
    OUT,
    KERNEL_T,
    KERNEL_F,
    DILATION_T,
    STRIDE_F,
    PAD_F,
    GROUPS,
    BIAS,
    N_ATTRS,
    OUT_PAD_F = N_ATTRS, /* only the transposed one has it */
    N_ATTRS_TRANSPOSED
};

static const op_attr attrs[N_ATTRS_TRANSPOSED] = {
    [FREQ] = {"freq", 1, WIDTH_MAX, 0, true, true},
    [OUT] = {"out", 1, WIDTH_MAX, 0, true, true},
    [KERNEL_T] = {"kernel_t", 1, WIDTH_MAX, 0, true, true},
    [KERNEL_F] = {"kernel_f", 1, WIDTH_MAX, 0, true, true},
    [DILATION_T] = {"dilation_t", 1, HISTORY_MAX, 1, true, false},
    [STRIDE_F] = {"stride_f", 1, WIDTH_MAX, 1, true, false},
    [PAD_F] = {"pad_f", -1, WIDTH_MAX, -1, true, false}, /* -1 stands for (kernel_f - 1) / 2 */
    [GROUPS] = {"groups", 1, WIDTH_MAX, 1, true, false},
    [BIAS] = {"bias", 0, 1, 1, true, false},
    [OUT_PAD_F] = {"out_pad_f", 0, WIDTH_MAX, 0, true, false},
};

static uint32_t channels_in(const op_node *node)
{
    return node->in_width[0] / op_whole(node, FREQ);
}

static uint32_t pad(const op_node *node)
{
    return node->attr[PAD_F] < 0.0 ? (op_whole(node, KERNEL_F) - 1) / 2 : op_whole(node, PAD_F);
}

/* What both have in common, and their frequencies: padding wider than the kernel would only make
 * frequencies that see nothing. */
static sordino_status check(op_node *node, sordino_error *why)
{
    const uint32_t freq = op_whole(node, FREQ);
    const uint32_t out = op_whole(node, OUT);
    const uint32_t groups = op_whole(node, GROUPS);
    const uint32_t kernel = op_whole(node, KERNEL_F);
    if (node->in_width[0] % freq != 0)
        return error_set(why, SORDINO_BAD_MODEL, "The %u values are not %u frequencies",
                         (unsigned)node->in_width[0], (unsigned)freq);
    if (channels_in(node) % groups != 0 || out % groups != 0)
        return error_set(why, SORDINO_BAD_MODEL, "The %u groups do not divide %u and %u",
                         (unsigned)groups, (unsigned)channels_in(node), (unsigned)out);
    if (pad(node) >= kernel)
        return error_set(why, SORDINO_BAD_MODEL, "The pad_f is %u, not below kernel_f (%u)",
                         (unsigned)pad(node), (unsigned)kernel);
    return SORDINO_OK;
}

/* `freq`: of the result; below 1 there is none. */
static sordino_status set_shape(op_node *node, int64_t freq, sordino_error *why)
{
    const uint64_t history = (uint64_t)(op_whole(node, KERNEL_T) - 1) * op_whole(node, DILATION_T);
    return op_set_shape(node, freq < 1 ? 0 : (uint64_t)freq * op_whole(node, OUT), history, why);
}

static sordino_status shape(op_node *node, sordino_error *why)
{
    const sordino_status status = check(node, why);
    if (status != SORDINO_OK)
        return status;
    const int64_t room =
        (int64_t)op_whole(node, FREQ) + 2 * (int64_t)pad(node) - op_whole(node, KERNEL_F);
    return set_shape(node, room < 0 ? 0 : room / op_whole(node, STRIDE_F) + 1, why);
}

static sordino_status shape_transposed(op_node *node, sordino_error *why)
{
    const sordino_status status = check(node, why);
    if (status != SORDINO_OK)
        return status;
    const int64_t stride = op_whole(node, STRIDE_F);
    const int64_t more = op_whole(node, OUT_PAD_F);
    if (more >= stride)
        return error_set(why, SORDINO_BAD_MODEL, "The out_pad_f is %lld, not below %lld",
                         (long long)more, (long long)stride);
    const int64_t freq = ((int64_t)op_whole(node, FREQ) - 1) * stride - 2 * (int64_t)pad(node) +
                         op_whole(node, KERNEL_F) + more;
    return set_shape(node, freq, why);
}

static uint32_t list_params(const op_node *node, uint32_t first, uint32_t second,
                            op_param list[OP_MAX_PARAMS])
{
    list[0] = (op_param){"weight",
                         4,
                         {first, second / op_whole(node, GROUPS), op_whole(node, KERNEL_T),
                          op_whole(node, KERNEL_F)}};
    list[1] = op_vector("bias", op_whole(node, OUT));
    return 1 + op_whole(node, BIAS);
}

static uint32_t params(const op_node *node, op_param list[OP_MAX_PARAMS])
{
    return list_params(node, op_whole(node, OUT), channels_in(node), list);
}

static uint32_t params_transposed(const op_node *node, op_param list[OP_MAX_PARAMS])
{
    return list_params(node, channels_in(node), op_whole(node, OUT), list);
}

const op op_conv_freq = {
    .name = "conv_freq",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = attrs,
    .n_attrs = N_ATTRS,
    .shape = shape,
    .params = params,
};

const op op_conv_freq_transposed = {
    .name = "conv_freq_transposed",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = attrs,
    .n_attrs = N_ATTRS_TRANSPOSED,
    .shape = shape_transposed,
    .params = params_transposed,
};
