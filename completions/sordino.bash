# Completion for bash of sordino, sordino-eval, sordino-train and sordino-live. The options are those
# that the program's own --help tells of, the models those that sordino finds.

_sordino_options()
{
    "$@" --help 2>/dev/null |
        sed -n 's/^ \{1,8\}\(-.*\)/\1/p' | sed 's/  .*//' | grep -o -- '--[a-z][a-z-]*'
}

_sordino_models()
{
    local program=${1%-eval}
    program=${program%-train}
    "$program" --list-models 2>/dev/null | sed 's/ .*//'
}

_sordino()
{
    local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} words='' word
    local -a command=("$program")
    for word in "${COMP_WORDS[@]}"; do
        [[ $word == --stdin && $program == *sordino-live ]] && command+=(--stdin)
    done
    COMPREPLY=()
    case ${COMP_WORDS[COMP_CWORD - 1]} in
    -m | --model | --score | --from) words=$(_sordino_models "$program") ;;
    --raw)
        words='f32le f64le s16le s24le s32le u8 s8'
        [[ $program == *sordino-eval ]] && words='f32 f64 s16 s24 s32'
        [[ ${command[1]} == --stdin ]] && words="text $words"
        ;;
    --gaps) words='keep fill' ;;
    --gain-rule) words='lsa wiener' ;;
    --align) words='auto none' ;;
    --time | --time-column) words=none ;;
    --digits) words='own full' ;;
    --decimal) words='. ,' ;;
    --delimiter) words='tab space' ;;
    --input | --output) [[ $program == *sordino-live ]] && words=none ;;
    --channels) [[ $program == *sordino-eval ]] && words='mean each' ;;
    --network) words='speech-s speech-l speech-x sensor' ;;
    *) [[ $current == -* ]] && words=$(_sordino_options "${command[@]}") ;;
    esac
    # Without an answer of its own bash offers files.
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -o default -F _sordino sordino sordino-eval sordino-train sordino-live
