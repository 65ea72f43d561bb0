
# The argument parser's script asks for the cursor's place in a word, which fish 3 does not tell of a line that is only asked about
# (complete -C), as plug-ins do.
functions --copy __sqzctl_tokens __sqzctl_words
function __sqzctl_tokens
    if test "$argv" = -tC
        string length -- (commandline -tc)
    else
        __sqzctl_words $argv
    end
end
