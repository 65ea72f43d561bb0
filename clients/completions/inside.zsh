# The argument parser's script ends each word with a blank; one that ends with = or / goes on.
__sqzctl_custom_complete() {
    local -a completions whole begun
    completions=("${(@f)"$("${command_name}" "${@}" "${command_line[@]}")"}")
    completions=("${completions[@]:0:-1}")
    # What stands before is not quoted.
    if compset -P '\~/'; then completions=("${completions[@]#\~/}"); fi
    whole=("${(@)completions:#*[=/]}")
    begun=("${(@M)completions:#*[=/]}")
    compadd -V '' -a whole
    compadd -V '' -S '' -a begun
}

