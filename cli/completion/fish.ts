import { type Place, quote, type ValueOption } from './place.ts';

/** Script for fish 3 and later. */
export function fish(places: readonly Place[], values: readonly ValueOption[]): string {
  const swallow = values.flatMap(({ names }) => names).join(' ');
  return `# Completion of axoneme for fish.
function __axoneme_at
    set -l at
    set -l is_value 0
    set -l tokens (commandline -opc)
    for token in $tokens[2..-1]
        if test $is_value = 1
            set is_value 0
            continue
        end
        switch $token
            case ${swallow}
                set is_value 1
            case '-*'
            case '*'
                set -a at $token
        end
    end
    test "$at" = "$argv[1]"
end
complete -c axoneme -f
${places.flatMap(placeLines).join('\n')}
`;
}

function placeLines({ path, words, options }: Place): string[] {
  const here = `complete -c axoneme -n ${quote(`__axoneme_at "${path}"`)}`;
  return [
    ...words.map(({ word, text }) => `${here} -a ${word}${text === '' ? '' : ` -d ${quote(text)}`}`),
    ...options.map((option) => `${here} ${flags(option.names)}${value(option)} -d ${quote(option.text)}`),
  ];
}

function flags(names: readonly string[]): string {
  return names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)).join(' ');
}

function value({ takesValue, values }: Place['options'][number]): string {
  if (!takesValue) return '';
  return values.length > 0 ? ` -x -a ${quote(values.join(' '))}` : ' -r -F';
}
