# Completion for fish of sordino, sordino-eval, sordino-train and sordino-live. The options are those
# that the program's own --help tells of, the models those that sordino finds.

function __sordino_program
    set -l words (commandline -opc)
    echo $words[1]
    string match -q '*sordino-live' -- $words[1]; and contains -- --stdin $words; and echo --stdin
end

function __sordino_options
    set -l program (__sordino_program)
    $program --help 2>/dev/null | string match -r '^ {1,8}-.*' | string trim -l |
        string replace -r '  .*' '' | string match -ar -- '--[a-z][a-z-]*'
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

function __sordino_encodings
    set -l program (__sordino_program)
    if string match -q '*sordino-eval' -- $program[1]
        printf '%s\n' f32 f64 s16 s24 s32
        return
    end
    contains -- --stdin $program; and echo text
    printf '%s\n' f32le f64le s16le s24le s32le u8 s8
end

for program in sordino sordino-eval sordino-train sordino-live
    complete -c $program -n 'string match -q -- "-*" (commandline -ct)' -a '(__sordino_options)'
    complete -c $program -n '__sordino_after -m --model --score --from' -a '(__sordino_models)'
    complete -c $program -f -n '__sordino_after --raw' -a '(__sordino_encodings)'
    complete -c $program -f -n '__sordino_after --gaps' -a 'keep fill'
    complete -c $program -f -n '__sordino_after --gain-rule' -a 'lsa wiener'
    complete -c $program -f -n '__sordino_after --align' -a 'auto none'
    complete -c $program -f -n '__sordino_after --time-column' -a none
    complete -c $program -f -n '__sordino_after --time' -a none
    complete -c $program -f -n '__sordino_after --digits' -a 'own full'
    complete -c $program -f -n '__sordino_after --decimal' -a '. ,'
    complete -c $program -f -n '__sordino_after --delimiter' -a 'tab space'
    complete -c $program -f -n '__sordino_after --network' -a 'speech-s speech-l speech-x sensor'
end
complete -c sordino-eval -f -n '__sordino_after --channels' -a 'mean each'
complete -c sordino-live -f -n '__sordino_after --input --output' -a none
