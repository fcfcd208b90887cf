#include "plugin/uris.h"

#include <lv2/atom/atom.h>
#include <lv2/patch/patch.h>
#include <lv2/state/state.h>

void uris_map(uris *u, LV2_URID_Map *map)
{
    *u = (uris){
        .atom_chunk = map->map(map->handle, LV2_ATOM__Chunk),
        .atom_path = map->map(map->handle, LV2_ATOM__Path),
        .atom_string = map->map(map->handle, LV2_ATOM__String),
        .atom_urid = map->map(map->handle, LV2_ATOM__URID),
        .patch_get = map->map(map->handle, LV2_PATCH__Get),
        .patch_set = map->map(map->handle, LV2_PATCH__Set),
        .patch_property = map->map(map->handle, LV2_PATCH__property),
        .patch_value = map->map(map->handle, LV2_PATCH__value),
        .state_changed = map->map(map->handle, LV2_STATE__StateChanged),
        .model = map->map(map->handle, SORDINO_URI_MODEL),
        .report = map->map(map->handle, SORDINO_URI_REPORT),
        .hash = map->map(map->handle, SORDINO_URI_HASH),
        .profile = map->map(map->handle, SORDINO_URI_PROFILE),
    };
}
