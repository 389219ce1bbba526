#include "tools/cli/completion/completion.hpp"

namespace cli {
namespace {

// Each asks the program for the words that may stand at the cursor: lines "WORD<tab>MEANING", and ":files" where file
// names may follow.

constexpr const char* kBash = R"script(# bash completion of dropledger: eval "$(dropledger completion bash)"
_dropledger() {
  local -a words=()
  local at word joined=
  # bash breaks words at "=", ":" and "!"; they belong together
  for ((at = 1; at <= COMP_CWORD; ++at)); do
    word=${COMP_WORDS[at]}
    if ((at > 1)) && [[ $word == [=:]* || $joined ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    joined=
    [[ $word == *[=:] ]] && joined=1
  done
  ((${#words[@]})) || words=("")
  local current=${words[-1]} cut=
  # what bash believes to stand before the word already
  [[ $current == *[=:]* ]] && cut=${current%"${current##*[=:]}"}
  COMPREPLY=()
  local line
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "${current#"$cut"}")
      continue
    fi
    line=${line%%$'\t'*}
    COMPREPLY+=("${line#"$cut"}")
  done < <("${COMP_WORDS[0]}" complete -- "${words[@]}" 2>/dev/null)
}
complete -F _dropledger dropledger
)script";

constexpr const char* kZsh = R"script(#compdef dropledger
# zsh completion of dropledger: eval "$(dropledger completion zsh)"
_dropledger() {
  local line word meaning
  local -a candidates
  for line in "${(@f)$(${words[1]} complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -z $line ]] && continue
    if [[ $line == ':files' ]]; then
      _files
      continue
    fi
    word=${line%%$'\t'*}
    meaning=${line#*$'\t'}
    candidates+=("${word//:/\\:}:${meaning}")
  done
  (( ${#candidates} )) && _describe 'dropledger' candidates
}
if [[ ${funcstack[1]} == _dropledger ]]; then _dropledger "$@"; else compdef _dropledger dropledger; fi
)script";

constexpr const char* kFish = R"script(# fish completion of dropledger: dropledger completion fish | source
function __dropledger_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    for line in ($program complete -- $words 2>/dev/null)
        if test "$line" = ':files'
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c dropledger -f -a '(__dropledger_complete)'
)script";

}  // namespace

std::string completion_script(std::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return "";
}

}  // namespace cli
