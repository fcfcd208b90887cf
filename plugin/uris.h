/* The names that the plugins and the host speak of things by. */
#ifndef PLUGIN_URIS_H
#define PLUGIN_URIS_H

#include <lv2/urid/urid.h>

#define SORDINO_URI_MONO "urn:sordino:mono"
#define SORDINO_URI_STEREO "urn:sordino:stereo"
#define SORDINO_URI_MODEL "urn:sordino:model"           /* atom:Path; "" is the library's own */
#define SORDINO_URI_REPORT "urn:sordino:report"         /* atom:String */
#define SORDINO_URI_HASH "urn:sordino:model-hash"       /* atom:String, in sessions */
#define SORDINO_URI_PROFILE "urn:sordino:noise-profile" /* atom:Chunk, in sessions */

typedef struct uris {
    LV2_URID atom_chunk, atom_path, atom_string, atom_urid;
    LV2_URID patch_get, patch_set, patch_property, patch_value;
    LV2_URID state_changed;
    LV2_URID model, report, hash, profile;
} uris;

void uris_map(uris *u, LV2_URID_Map *map);

#endif
