#include "plugin/messages.h"

#include "plugin/change.h"

#include <lv2/atom/util.h>

#include <string.h>

/* Room for a message besides its text: event, object, two properties, and what rounds them up. */
enum { MESSAGE_ROOM = 160 };

/* ---- in ---- */

static void read_set(instance *x, const LV2_Atom_Object *object)
{
    const LV2_Atom *property = NULL, *value = NULL;
    lv2_atom_object_get(object, x->uris.patch_property, &property, x->uris.patch_value, &value, 0);
    if (!property || property->type != x->uris.atom_urid ||
        ((const LV2_Atom_URID *)property)->body != x->uris.model || !value ||
        (value->type != x->uris.atom_path && value->type != x->uris.atom_string))
        return;
    const char *path = LV2_ATOM_BODY_CONST(value);
    size_t n = 0;
    while (n < value->size && path[n] != '\0')
        n++;
    change_ask(x, path, n);
}

static void read_get(instance *x, const LV2_Atom_Object *object)
{
    const LV2_Atom *property = NULL;
    lv2_atom_object_get(object, x->uris.patch_property, &property, 0);
    if (property && property->type != x->uris.atom_urid)
        return;
    const LV2_URID which = property ? ((const LV2_Atom_URID *)property)->body : 0;
    x->tell_model = x->tell_model || !which || which == x->uris.model;
    x->tell_report = x->tell_report || !which || which == x->uris.report;
}

void messages_read(instance *x)
{
    const LV2_Atom_Sequence *sequence = x->ports[PORT_CONTROL];
    if (!sequence || !x->has_map || sequence->atom.type != x->forge.Sequence)
        return;
    LV2_ATOM_SEQUENCE_FOREACH(sequence, event)
    {
        const LV2_Atom_Object *object = (const LV2_Atom_Object *)&event->body;
        if (!lv2_atom_forge_is_object_type(&x->forge, event->body.type))
            continue;
        if (object->body.otype == x->uris.patch_set)
            read_set(x, object);
        else if (object->body.otype == x->uris.patch_get)
            read_get(x, object);
    }
}

/* ---- out ---- */

static bool has_room(const instance *x, size_t text)
{
    return x->forge.size - x->forge.offset >= text + MESSAGE_ROOM;
}

/* False when it did not fit; nothing is then written. */
static bool write_set(instance *x, LV2_URID property, LV2_URID type, const char *text)
{
    LV2_Atom_Forge *forge = &x->forge;
    LV2_Atom_Forge_Frame frame;
    const uint32_t n = (uint32_t)strlen(text);
    if (!has_room(x, n + 1))
        return false;
    lv2_atom_forge_frame_time(forge, 0);
    lv2_atom_forge_object(forge, &frame, 0, x->uris.patch_set);
    lv2_atom_forge_key(forge, x->uris.patch_property);
    lv2_atom_forge_urid(forge, property);
    lv2_atom_forge_key(forge, x->uris.patch_value);
    lv2_atom_forge_typed_string(forge, type, text, n);
    lv2_atom_forge_pop(forge, &frame);
    return true;
}

static bool write_changed(instance *x)
{
    LV2_Atom_Forge_Frame frame;
    if (!has_room(x, 0))
        return false;
    lv2_atom_forge_frame_time(&x->forge, 0);
    lv2_atom_forge_object(&x->forge, &frame, 0, x->uris.state_changed);
    lv2_atom_forge_pop(&x->forge, &frame);
    return true;
}

void messages_write(instance *x)
{
    LV2_Atom_Sequence *sequence = x->ports[PORT_NOTIFY];
    LV2_Atom_Forge_Frame frame;
    if (!sequence || !x->has_map)
        return;
    const uint32_t room = sequence->atom.size; /* as the host says before each run */
    if (room < sizeof(LV2_Atom_Sequence))
        return;
    lv2_atom_forge_set_buffer(&x->forge, (uint8_t *)sequence, room);
    lv2_atom_forge_sequence_head(&x->forge, &frame, 0);
    const network *n = methods_network(x->methods);
    if (x->tell_model &&
        write_set(x, x->uris.model, x->uris.atom_path, n ? network_path(n) : x->missing))
        x->tell_model = false;
    if (x->tell_report && write_set(x, x->uris.report, x->uris.atom_string, x->report))
        x->tell_report = false;
    if (x->tell_changed && write_changed(x))
        x->tell_changed = false;
    lv2_atom_forge_pop(&x->forge, &frame);
}
