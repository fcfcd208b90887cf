/*
 * Changing the model while audio runs: the audio thread asks, the host's worker (or, in an export,
 * the audio thread itself) opens the file and makes the network, the audio thread puts it in place
 * and gives the one before back to be freed. Where nothing can be asked of anyone the model stays.
 */
#ifndef PLUGIN_CHANGE_H
#define PLUGIN_CHANGE_H

#include "plugin/instance.h"

/* Asks for the model at a path of `n` bytes, "" for the library's own; the newest request wins. */
void change_ask(instance *x, const char *path, size_t n) SORDINO_RT;

/* Once in each run: sends, takes and gives back what there is. When `at_once`, a model that was
 * asked for is made here and now, and no part of this is real-time safe. */
void change_step(instance *x, bool at_once);

/* Makes the network for x->change; anywhere but on the audio thread. */
void change_make(instance *x);

/* Opens a model and makes its network for this instance; writes its hash, and what there is to tell
 * to `report` [REPORT_SIZE]. False, and nothing made, with the reason in `report`; `*out` is NULL,
 * and all is well, where the library's own is asked for and it has none. */
bool change_load(const instance *x, const char *path, network **out, char *hash, char *report);

extern const LV2_Worker_Interface change_worker;

#endif
