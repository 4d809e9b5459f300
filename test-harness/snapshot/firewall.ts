/**
 * What iptables-save(8) printed, without counters and comments: tables, and a line for each chain and rule. A built-in chain that accepts is left out:
 * it is there as soon as anybody has looked, and does what none would do.
 */
export function iptablesRules(text: string): { tables: string[]; rules: string[] } {
  const tables: string[] = [];
  const rules: string[] = [];
  for (const line of text.split('\n')) {
    const table = tables.at(-1) ?? '';
    if (line.startsWith('*')) tables.push(line.slice(1));
    else if (line.startsWith(':') && !line.includes(' ACCEPT ')) rules.push(`${table} chain ${line.slice(1).replace(/ \[\d+:\d+\]$/, '')}`);
    else if (line.startsWith('-')) rules.push(`${table} ${line}`);
  }
  return { tables, rules };
}

/** What opens a block in the output of `nft list ruleset` (nft(8)). */
const BLOCK = /^(table|chain|set|map|flowtable|counter|quota|limit|secmark|synproxy|ct \w+) .*\{$/;

/**
 * What `nft -s list ruleset` printed: a line for each object and rule, with its place. Tables that `iptables-save` has told of already (iptables over
 * nf_tables) are left out; `known` names them as `ip nat`.
 */
export function nftRules(text: string, known: readonly string[]): string[] {
  const found: string[] = [];
  const path: string[] = [];
  for (const line of logicalLines(text)) {
    if (line === '}') {
      path.pop();
      continue;
    }
    const opens = BLOCK.test(line);
    const words = opens ? line.slice(0, -1).trim() : line;
    if (opens) path.push(words);
    if (!known.some((table) => path[0] === `table ${table}`)) found.push(opens ? path.join(' ') : `${path.join(' ')}: ${words}`);
  }
  return found;
}

/** Lines without indentation and comments; a list in braces that goes over several of them becomes one. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let open = '';
  for (const raw of text.split('\n')) {
    const line = `${open}${raw.trim()}`;
    const isOpen = !BLOCK.test(line) && line.split('{').length > line.split('}').length;
    if (isOpen) {
      open = `${line} `;
      continue;
    }
    open = '';
    if (line !== '' && !line.startsWith('#')) lines.push(line);
  }
  return lines;
}
