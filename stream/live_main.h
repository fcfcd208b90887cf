/* sordino-live without --stdin: sound. */
#ifndef STREAM_LIVE_MAIN_H
#define STREAM_LIVE_MAIN_H

/* As main; returns the exit status. */
int live_main(int argc, char **argv);

#endif
