
# What the argument parser's script leaves out. To bash NAME@VERSION, name=value and ssh://box are several words; to sqzctl each
# is one. And names are no paths: they are not quoted as such, and get no slash where a folder has the same name.
_sqzctl_in_whole_words() {
    local rest=$COMP_LINE prefix='' word
    local -a words=()
    local -i index place=0
    for index in "${!COMP_WORDS[@]}"; do
        word=${COMP_WORDS[index]}
        if [[ ${#words[@]} -eq 0 || $rest == [[:space:]]* ]]; then
            ((index > COMP_CWORD)) || prefix=''
            words+=("$word")
        else
            words[-1]+=$word
        fi
        rest=${rest#*"$word"}
        if ((index < COMP_CWORD)); then
            prefix+=$word
        elif ((index == COMP_CWORD)); then
            place=$((${#words[@]} - 1))
            # What ends a word for bash is no part of the next, but for an @.
            [[ -n $2 || $word != [=:]* ]] || prefix+=$word
            [[ $2 != @* || $word == @* ]] || prefix=${prefix%@}
        fi
    done
    local COMP_CWORD=$place
    local -a COMP_WORDS=("${words[@]}")
    _sqzctl "$1" "$prefix$2" "${words[place - 1]}"
    [[ ${COMPREPLY[*]} != */* ]] || compopt -o filenames
    [[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace
    COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
}

# What is offered is a word as it is, and no text of the shell's, as compgen -W would take it.
__sqzctl_add_completions() {
    [[ $1 == -W ]] || compopt -o filenames
    local completion
    while IFS='' read -r completion; do
        [[ -z $completion || $completion != "$cur"* ]] || COMPREPLY+=("$completion")
    done < <(if [[ $1 == -W ]]; then printf '%s\n' "$2"; else IFS=$'\n' compgen "$@" -- "$cur"; fi)
}

complete -F _sqzctl_in_whole_words sqzctl
