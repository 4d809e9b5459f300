import { type Place, quote, type ValueOption } from './place.ts';

/** Script for bash 4 and later; needs no bash-completion package. */
export function bash(places: readonly Place[], values: readonly ValueOption[]): string {
  const swallow = values.flatMap(({ names }) => names).join('|');
  return `# Completion of axoneme for bash.
_axoneme() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at= words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${swallow}) ((i++)) ;;
      -*) ;;
      *) at+="\${at:+ }\${COMP_WORDS[i]}" ;;
    esac
  done
  case $prev in
${values.map(valueCase).join('\n')}
  esac
  case $at in
${places.map(placeCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _axoneme axoneme
`;
}

function valueCase({ names, values }: ValueOption): string {
  const generate = values.length > 0 ? `compgen -W ${quote(values.join(' '))}` : 'compgen -f';
  return `    ${names.join('|')}) COMPREPLY=($(${generate} -- "$cur")); return ;;`;
}

function placeCase({ path, words, options }: Place): string {
  const all = [...words.map(({ word }) => word), ...options.flatMap(({ names }) => names)];
  return `    ${quote(path)}) words=${quote(all.join(' '))} ;;`;
}
