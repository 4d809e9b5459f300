import { type Place, quote, type ValueOption } from './place.ts';

/** Script for zsh, to be sourced or to lie in a folder of `fpath` as `_axoneme`. */
export function zsh(places: readonly Place[], values: readonly ValueOption[]): string {
  const swallow = values.flatMap(({ names }) => names).join('|');
  return `#compdef axoneme
# Completion of axoneme for zsh.
_axoneme() {
  local at= i
  local -a choices
  for ((i = 2; i < CURRENT; i++)); do
    case $words[i] in
      (${swallow}) ((i++)) ;;
      (-*) ;;
      (*) at+="\${at:+ }$words[i]" ;;
    esac
  done
  case $words[CURRENT-1] in
${values.map(valueCase).join('\n')}
  esac
  case $at in
${places.map(placeCase).join('\n')}
  esac
  _describe axoneme choices
}
if [[ $funcstack[1] == _axoneme ]]; then _axoneme "$@"; else compdef _axoneme axoneme; fi
`;
}

function valueCase({ names, values }: ValueOption): string {
  return `    (${names.join('|')}) ${values.length > 0 ? `compadd -- ${values.join(' ')}` : '_files'}; return ;;`;
}

function placeCase({ path, words, options }: Place): string {
  const all = [
    ...words.map(({ word, text }) => described(word, text)),
    ...options.flatMap(({ names, text }) => names.map((name) => described(name, text))),
  ];
  return `    (${quote(path)}) choices=(${all.join(' ')}) ;;`;
}

/** `_describe` splits a choice from its description at the first colon. */
function described(word: string, text: string): string {
  return quote(text === '' ? word : `${word}:${text}`);
}
