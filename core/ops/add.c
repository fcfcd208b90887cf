/* add, mul: element by element over two to eight inputs of one width, from left to right. */
#include "core/base/error.h"
#include "core/ops/ops.h"

static sordino_status shape(op_node *node, sordino_error *why)
{
    for (uint32_t i = 1; i < node->n_inputs; i++)
        if (node->in_width[i] != node->in_width[0])
            return error_set(why, SORDINO_BAD_MODEL, "Inputs of widths %u and %u do not fit",
                             (unsigned)node->in_width[0], (unsigned)node->in_width[i]);
    node->width = node->in_width[0];
    return SORDINO_OK;
}

static void run(const op_call *call, kernels_pair_fn pair) SORDINO_RT
{
    pair(call->in[0], call->in[1], call->out, call->n, call->node->width);
    for (uint32_t i = 2; i < call->node->n_inputs; i++)
        pair(call->out, call->in[i], call->out, call->n, call->node->width);
}

static void add_forward(const op_call *call) SORDINO_RT
{
    run(call, call->kernels->add);
}

static void mul_forward(const op_call *call) SORDINO_RT
{
    run(call, call->kernels->mul);
}

const op op_add = {
    .name = "add",
    .min_inputs = 2,
    .max_inputs = OP_MAX_INPUTS,
    .in_place = true,
    .merge = OP_MERGE_ADD,
    .shape = shape,
    .forward = add_forward,
};

const op op_mul = {
    .name = "mul",
    .min_inputs = 2,
    .max_inputs = OP_MAX_INPUTS,
    .in_place = true,
    .shape = shape,
    .forward = mul_forward,
};
