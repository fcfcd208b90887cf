# Completion for bash of sordino, sordino-eval, sordino-train and sordino-live. Options and the words
# that they take are those of the program's own table, the models those that sordino finds.

# The table, a line for each option; the name is its second column, the words its seventh.
_sordino_table()
{
    "$@" --print-options 2>/dev/null
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
    local before=${COMP_WORDS[COMP_CWORD - 1]}
    local -a command=("$program")
    for word in "${COMP_WORDS[@]}"; do
        [[ $word == --stdin && $program == *sordino-live ]] && command+=(--stdin)
    done
    COMPREPLY=()
    case $before in
    -m | --model | --score | --from) words=$(_sordino_models "$program") ;;
    --?*) words=$(_sordino_table "${command[@]}" | awk -F '\t' -v name="${before#--}" '$2 == name { print $7 }') ;;
    esac
    if [[ -z $words && $current == -* ]]; then
        words=$(_sordino_table "${command[@]}" | awk -F '\t' '{ print "--" $2 }')
    fi
    # Without an answer of its own bash offers files.
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -o default -F _sordino sordino sordino-eval sordino-train sordino-live
