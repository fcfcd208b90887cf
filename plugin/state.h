/* What a session keeps: the model by path and hash, and the noise profile. */
#ifndef PLUGIN_STATE_H
#define PLUGIN_STATE_H

#include <lv2/state/state.h>

extern const LV2_State_Interface state_interface;

#endif
