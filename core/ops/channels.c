#include "core/ops/channels.h"

#include "core/base/error.h"

sordino_status channels_shape(op_node *node, uint32_t channels, sordino_error *why)
{
    const uint32_t width = node->in_width[0];
    if (channels == 0 || width % channels != 0)
        return error_set(why, SORDINO_BAD_MODEL, "Width %u is no multiple of %u channels",
                         (unsigned)width, (unsigned)channels);
    node->width = width;
    return SORDINO_OK;
}

void channels_repeat(const kreal *v, uint32_t channels, kreal *to, uint32_t width)
{
    for (uint32_t i = 0; i < width; i++)
        to[i] = v[i % channels];
}

bool channels_match(const kreal *v, uint32_t channels, kreal *to, uint32_t wanted)
{
    if (wanted % channels != 0)
        return false;
    channels_repeat(v, channels, to, wanted);
    return true;
}
