/* Parameters given per channel and repeated over a frame: [F][C] has its channels innermost. */
#ifndef OPS_CHANNELS_H
#define OPS_CHANNELS_H

#include "core/ops/op.h"

/* An attribute `channels`: 0 stands for the whole width. */
static inline uint32_t channels_count(const op_node *node, uint32_t index)
{
    const uint32_t n = op_whole(node, index);
    return n ? n : node->in_width[0];
}

/* Result as wide as the input, which must be a multiple of `channels`. */
sordino_status channels_shape(op_node *node, uint32_t channels, sordino_error *why);

/* Repeats v [channels] over a frame of `width`. */
void channels_repeat(const kreal *v, uint32_t channels, kreal *to, uint32_t width);

/* Whether values with period `channels` have period `wanted` too; then copies them out. */
bool channels_match(const kreal *v, uint32_t channels, kreal *to, uint32_t wanted);

#endif
