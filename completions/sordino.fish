# Completion for fish of sordino, sordino-eval, sordino-train and sordino-live. Options and the words
# that they take are those of the program's own table, the models those that sordino finds.

function __sordino_program
    set -l words (commandline -opc)
    echo $words[1]
    string match -q '*sordino-live' -- $words[1]; and contains -- --stdin $words; and echo --stdin
end

# A line for each option; the name is its second column, the words its seventh.
function __sordino_table
    set -l program (__sordino_program)
    $program --print-options 2>/dev/null
end

function __sordino_options
    __sordino_table | string replace -r '^[^\t]*\t([^\t]*).*' -- '--$1'
end

function __sordino_words
    set -l words (commandline -opc)
    set -l name (string replace -r '^--' '' -- $words[-1])
    string match -q -- '--?*' $words[-1]; or return 1
    for line in (__sordino_table)
        set -l columns (string split \t -- $line)
        test "$columns[2]" = "$name"; and test -n "$columns[7]"; and string split ' ' -- $columns[7]
    end
    return 0
end

function __sordino_models
    set -l program (__sordino_program)
    string replace -r -- '-(eval|train)$' '' $program[1] | read -l lister
    $lister --list-models 2>/dev/null | string replace -r ' .*' ''
end

function __sordino_after
    set -l words (commandline -opc)
    contains -- $words[-1] $argv
end

for program in sordino sordino-eval sordino-train sordino-live
    complete -c $program -n 'string match -q -- "-*" (commandline -ct)' -a '(__sordino_options)'
    complete -c $program -n '__sordino_after -m --model --score --from' -a '(__sordino_models)'
    complete -c $program -f -n 'count (__sordino_words) >/dev/null' -a '(__sordino_words)'
end
