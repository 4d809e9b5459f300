/** A form that a text must have, with the words for people and the constraints that a JSON Schema can say. */
export interface Syntax {
  /** Completes "expected …". */
  readonly what: string;
  readonly matches: (text: string) => boolean;
  /** In the dialect that RE2 and JavaScript share, anchored. */
  readonly pattern: string;
  readonly maxLength: number;
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const NAME = '[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?';

/** RFC 1123: names of Namespaces, Services, ports of pods. */
export const dnsLabel = syntax('a name of lower-case letters, digits and -', `^${LABEL}$`, 63);

/** RFC 1123: names of most objects. */
export const dnsSubdomain = syntax('a name of lower-case letters, digits, - and .', `^${LABEL}(\\.${LABEL})*$`, 253);

/** Values of labels; may be empty. */
export const labelValue = syntax('a label value of letters, digits, -, _ and .', `^(${NAME})?$`, 63);

/** IANA service name (RFC 6335 section 5.1): at most 15 characters with a letter in them, and no two hyphens in a row. */
export const portName: Syntax = {
  ...syntax('a port name of lower-case letters, digits and -', '^[a-z0-9](-?[a-z0-9])*$', 15),
  matches: (text) => text.length <= 15 && /^[a-z0-9](-?[a-z0-9])*$/.test(text) && /[a-z]/.test(text),
};

/** Keys of labels, annotations and finalizers: a name of 63 characters, behind a DNS subdomain and `/` if wanted. */
export const qualifiedName: Syntax = {
  what: 'a name of letters, digits, -, _ and ., with a DNS prefix and / before it if wanted',
  matches: isQualifiedName,
  pattern: `^(${LABEL}(\\.${LABEL})*/)?${NAME}$`,
  maxLength: 317,
};

/** Key of a label in a selector of a Cilium policy: {@link qualifiedName}, behind a source and `:` if wanted (`k8s:app`, `reserved:host`). */
export const sourcedKey: Syntax = {
  ...qualifiedName,
  pattern: qualifiedName.pattern.replace('^', '^([a-z0-9]+:)?'),
  what: 'a label key such as app or k8s:app',
  matches: (text) => isQualifiedName(text.replace(/^[a-z0-9]+[:.](?=.)/, '')) || isQualifiedName(text),
};

function syntax(what: string, pattern: string, maxLength: number): Syntax {
  const expression = new RegExp(pattern);
  return { what, pattern, maxLength, matches: (text) => text.length <= maxLength && expression.test(text) };
}

const nameExpression = new RegExp(`^${NAME}$`);

function isQualifiedName(text: string): boolean {
  const slash = text.indexOf('/');
  const [prefix, name] = slash < 0 ? [undefined, text] : [text.slice(0, slash), text.slice(slash + 1)];
  return name.length <= 63 && nameExpression.test(name) && (prefix === undefined || dnsSubdomain.matches(prefix));
}
