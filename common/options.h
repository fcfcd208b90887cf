/*
 * Command lines, read by a table: one for each program says what options there are, where their
 * values go, what range they have and how they are explained. --help is printed from it, and the
 * man page and the shells' completion are compared with it; recipes take their keys from it.
 */
#ifndef COMMON_OPTIONS_H
#define COMMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <sordino/status.h>

typedef enum option_kind {
    OPTION_ON,      /* bool: true */
    OPTION_OFF,     /* bool: false */
    OPTION_SET,     /* int: `set` */
    OPTION_TEXT,    /* const char *: the word, borrowed from argv */
    OPTION_NUMBER,  /* double: low..high */
    OPTION_INTEGER, /* double: a whole number, low..high */
    OPTION_WHOLE,   /* uint32_t, or uint64_t or size_t, by `bytes`: low..most */
    OPTION_CHOICE,  /* int: the place of the word in `choices` */
    OPTION_READ,    /* whatever `read` makes of the word; a flag where `value` is NULL */
    OPTION_PAIR,    /* the same with two words, "FIRST SECOND" in one text */
    OPTION_HELP,    /* prints the help, and ends */
    OPTION_VERSION
} option_kind;

typedef struct option_row option_row;

/* Reads the value into `field`, which is `at` bytes into the program's struct; `all` is that
 * struct. Fails with option_wrong, or for reasons of its own. `text` is NULL for a flag. */
typedef sordino_status (*option_reader)(void *all, void *field, const option_row *row,
                                        const char *text, sordino_error *why);

struct option_row {
    const char *group; /* heading of the help; of the first row of each */
    const char *name;  /* without "--" */
    const char *value; /* as the help calls it; NULL for a flag */
    const char *help;  /* NULL: an option that nobody is told of */
    option_kind kind;
    char letter;    /* 0: none */
    size_t at;      /* offset of the field in the program's struct */
    uint64_t bytes; /* size of the field, with WHOLE */
    size_t second;  /* 1 + the offset of another const char * for a second word of TEXT; 0: none */
    size_t given;   /* 1 + the offset of a bool that becomes true with this option; 0: none */
    double low, high;
    uint64_t most;         /* with WHOLE, in the place of `high` */
    option_kind described; /* with READ: a kind of number, for those who look at the table */
    const char *expected;  /* what is to be given instead of a wrong value; NULL: by the kind */
    const char *unit;      /* of NUMBER, for the same; NULL: "a number" */
    const char *choices;   /* words with blanks between them, for CHOICE, shells and man pages */
    int set;
    option_reader read;
    bool mark; /* the program's own */
};

typedef struct option_table {
    const char *program; /* as it calls itself */
    const char *(*version)(void);
    const char *command;          /* what --help belongs to; NULL: the program */
    const char *intro;            /* the help before the options */
    const char *end;              /* and behind them */
    void (*print_more)(FILE *to); /* between both ends; NULL: nothing */
    const option_row *rows;
    size_t n_rows;
} option_table;

typedef enum option_result {
    OPTION_GO,   /* all was read */
    OPTION_DONE, /* --help, --version or the table was printed */
    OPTION_WRONG /* `why` holds what is wrong, without the program's name */
} option_result;

/* Reads the command line into `all`, a struct as the table's offsets say. Options and names may be
 * mixed; argv is put in order, and `*first` is the first name behind the options. Options may be
 * shortened as long as they are clear. Not for several threads: getopt is not. */
option_result option_read(const option_table *table, int argc, char **argv, void *all, int *first,
                          sordino_error *why);

/* As option_read; what is wrong is told on standard error, in the name of the program. */
option_result option_read_or_tell(const option_table *table, int argc, char **argv, void *all,
                                  int *first);

/* Sets one by its name, as a line of a recipe does: `text` as on the command line; of a flag
 * NULL, "" or "yes"; or "no". Errors: BAD_ARG, and those of readers; the text begins with the name.
 */
SORDINO_NODISCARD sordino_status option_set(const option_table *table, const char *name,
                                            const char *text, void *all, sordino_error *why);

/* Reads `text` into `field` as the row says, for those that keep values by themselves: the kinds
 * from ON to CHOICE. Errors: as option_wrong. */
SORDINO_NODISCARD sordino_status option_store(const option_row *row, const char *text, void *field,
                                              sordino_error *why);

/* "'TEXT' is not served; give EXPECTED", for readers. Returns BAD_ARG. */
sordino_status option_wrong(sordino_error *why, const char *text, const char *expected);

/* The setting that was probably meant by `name` in a recipe; NULL when none is near. */
const char *option_nearest(const option_row *rows, size_t n_rows, const char *name);

/* The row of this name, or NULL. */
const option_row *option_find(const option_table *table, const char *name);

/* The last argument --print-options prints this instead of doing anything: a line for each row that
 * people are told of, its parts parted by tabs: letter, name, value, kind, least, most, choices,
 * group, help. For the tests. */
void option_print_table(const option_table *table, FILE *to);

void option_print_help(const option_table *table, FILE *to);

#endif
