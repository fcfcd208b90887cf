#include "stream/route.h"
#include "stream/screen.h"

#include <stdio.h>
#include <unistd.h>

/* The sound servers' own library, by ALSA: it has a virtual device on one side, as virtual.h says.
 */
static const char pulse[] = "ALSA: pulse";

static const double virtual_rate = 48000; /* Hz */

static bool ask(virtual_kind *kind)
{
    char answer[16] = "";
    fputs("The microphone would be heard from the loudspeaker beside it, and howl. Choose:\n"
          "  m  be a virtual microphone for calls, with PulseAudio or PipeWire (--virtual-mic)\n"
          "  h  play it all the same, into headphones (--output default)\n"
          "  q  end\n"
          "> ",
          stdout);
    fflush(stdout);
    if (!fgets(answer, sizeof answer, stdin))
        return false;
    if (answer[0] == 'm')
        *kind = VIRTUAL_MIC;
    return answer[0] == 'm' || answer[0] == 'h';
}

bool route_choose(const live_options *o, bool can_ask, audio_request *request, virtual_kind *kind)
{
    *kind = o->virtual_mic ? VIRTUAL_MIC : o->virtual_speaker ? VIRTUAL_SPEAKER : VIRTUAL_NONE;
    if (*kind == VIRTUAL_NONE && !o->audio.output && !o->input_file) {
        if (!can_ask || !isatty(STDIN_FILENO)) {
            fputs(
                "sordino-live: --output: the microphone would be heard from the loudspeaker beside "
                "it, and howl; add --virtual-mic for calls, or --output default for headphones\n",
                stderr);
            return false;
        }
        if (!ask(kind))
            return false;
    }
    if (*kind == VIRTUAL_NONE)
        return true;
    if (!request->input)
        request->input = pulse;
    if (!request->output)
        request->output = pulse;
    if (request->channels == 0) /* one on both sides would come to be 3 dB louder in PipeWire */
        request->channels = *kind == VIRTUAL_MIC ? 1 : 2;
    if (!(request->rate > 0))
        request->rate = virtual_rate;
    return true;
}

void route_tell(virtual_kind kind)
{
    if (kind == VIRTUAL_MIC)
        screen_tell("virtual", "microphone",
                    "choose \"Sordino microphone\" where you speak; it is there until this ends");
    else if (kind == VIRTUAL_SPEAKER)
        screen_tell("virtual", "speaker",
                    "choose \"Sordino speaker\" where you listen; it is there until this ends");
}
