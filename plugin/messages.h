/* Words with the host on the atom ports: patch:Set and patch:Get in, answers and reports out. */
#ifndef PLUGIN_MESSAGES_H
#define PLUGIN_MESSAGES_H

#include "plugin/instance.h"

/* Reads the control port; nothing where it is not connected or the host maps no names. */
void messages_read(instance *x) SORDINO_RT;

/* Writes the notify port: always a whole sequence, with what there is to tell as far as it fits;
 * the rest waits for the next block. */
void messages_write(instance *x) SORDINO_RT;

#endif
