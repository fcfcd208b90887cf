/* What espeak-ng is made to say: sentences without sense, in the sounds of many languages. */
#ifndef DATA_ESPEAK_TEXT_H
#define DATA_ESPEAK_TEXT_H

#include <stddef.h>

#include "trainer/random.h"

enum { ESPEAK_TEXT_MAX = 512 }; /* bytes of a sentence with its end */

/* How many languages there are, and espeak-ng's name for number i. */
size_t espeak_text_languages(void);
const char *espeak_text_language(size_t i);

/* A sentence of 1 to 12 words in language i, UTF-8: words that are put together of syllables,
 * frequent short words where the language has a list of them, now and then a number; with commas,
 * and an end that asks, calls or states. */
void espeak_text_sentence(rng *r, size_t language, char out[ESPEAK_TEXT_MAX]);

#endif
