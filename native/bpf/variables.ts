import type { ObjectShape } from '../binding.ts';
import { BpfError } from '../errors.ts';
import { isLittleEndian } from './endian.ts';
import type { VariableValue } from './object-types.ts';

/** The bytes of a number in `size` bytes, or undefined when it does not fit. */
function integerBytes(value: bigint, size: number): Uint8Array | undefined {
  if (![1, 2, 4, 8].includes(size)) return undefined;
  const bits = BigInt(size * 8);
  if (value < -(1n << (bits - 1n)) || value >= 1n << bits) return undefined;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), isLittleEndian);
  return isLittleEndian ? bytes.slice(0, size) : bytes.slice(8 - size);
}

function bytesOf(value: VariableValue, size: number): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value.length === size ? value : undefined;
  if (typeof value === 'number' && !Number.isInteger(value)) return undefined;
  return integerBytes(BigInt(value), size);
}

/** Each value as the bytes of its variable. Throws BpfError for an unknown name or a value that does not fit. */
export function variableBytes(
  path: string,
  shape: ObjectShape,
  values: Readonly<Record<string, VariableValue>>,
): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const variable = shape.variables.find((candidate) => candidate.name === name);
      if (variable === undefined) throw new BpfError(`set variable ${name} of ${path}: no such variable`);
      const bytes = bytesOf(value, variable.size);
      if (bytes === undefined) throw new BpfError(`set variable ${name} of ${path}: ${String(value)} does not fit ${variable.size} bytes`);
      return [name, bytes];
    }),
  );
}
