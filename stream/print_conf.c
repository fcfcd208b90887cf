#include "stream/print_conf.h"

#include <string.h>

void print_pipewire(const live_options *o, FILE *to)
{
    const bool wiener =
        (o->model && strcmp(o->model, "wiener") == 0) || (!o->model && o->wants_wiener);
    fprintf(to,
            "# A microphone without noise, made by PipeWire from the default one.\n"
            "# Save as ~/.config/pipewire/pipewire.conf.d/50-sordino.conf, then:\n"
            "#     systemctl --user restart pipewire\n"
            "# and choose \"Sordino microphone\" where you speak. sordino.lv2 must be installed.\n"
            "context.modules = [\n"
            "    {   name = libpipewire-module-filter-chain\n"
            "        args = {\n"
            "            node.description = \"Sordino microphone\"\n"
            "            media.name       = \"Sordino microphone\"\n"
            "            filter.graph = {\n"
            "                nodes = [\n"
            "                    {   type   = lv2\n"
            "                        name   = sordino\n"
            "                        plugin = \"urn:sordino:mono\"\n"
            "                        control = {\n"
            "                            \"method\" = %d\n"
            "                            \"limit\"  = %.1f\n"
            "                            \"mix\"    = %.3f\n"
            "                        }\n"
            "                    }\n"
            "                ]\n"
            "            }\n"
            "            capture.props = {\n"
            "                node.name      = \"capture.sordino\"\n"
            "                node.passive   = true\n"
            "                audio.position = [ MONO ]\n"
            "            }\n"
            "            playback.props = {\n"
            "                node.name      = \"sordino\"\n"
            "                media.class    = Audio/Source\n"
            "                audio.position = [ MONO ]\n"
            "            }\n"
            "        }\n"
            "    }\n"
            "]\n",
            wiener ? 1 : 0, o->config.limit, o->config.mix);
}

/* As systemd.syntax(7) takes it: quoted, with % and \ doubled. */
static void print_word(const char *option, const char *word, FILE *to)
{
    if (!word)
        return;
    fprintf(to, " %s \"", option);
    for (const char *c = word; *c; c++) {
        if (*c == '%')
            fputc('%', to);
        if (*c == '$')
            fputc('$', to);
        if (*c == '"' || *c == '\\')
            fputc('\\', to);
        fputc(*c, to);
    }
    fputc('"', to);
}

void print_systemd(const live_options *o, FILE *to)
{
    fputs("# Save as ~/.config/systemd/user/sordino-live.service, then:\n"
          "#     systemctl --user enable --now sordino-live\n"
          "[Unit]\n"
          "Description=Sordino, a microphone without noise\n"
          "After=pipewire.service sound.target\n"
          "\n"
          "[Service]\n"
          "ExecStart=sordino-live --plain",
          to);
    print_word("--input", o->audio.input, to);
    print_word("--output", o->audio.output, to);
    if (o->virtual_speaker)
        fputs(" --virtual-speaker", to);
    else if (!o->audio.output) /* there is nobody to be asked */
        fputs(" --virtual-mic", to);
    print_word("--model", o->model, to);
    if (o->config.limit != -20)
        fprintf(to, " --limit %.9g", -o->config.limit);
    if (o->config.mix != 1)
        fprintf(to, " --mix %.9g", o->config.mix);
    if (o->rt)
        fputs(" --rt", to);
    fputs("\n"
          "ExecReload=kill -HUP $MAINPID\n"
          "Restart=on-failure\n"
          "RestartSec=5\n"
          "LimitRTPRIO=70\n"
          "\n"
          "[Install]\n"
          "WantedBy=default.target\n",
          to);
}
