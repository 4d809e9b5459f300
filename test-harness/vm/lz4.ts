/** Takes the length that follows a token: 15 means that bytes are added until one is not 255. */
function lengthAt(data: Buffer, at: number, nibble: number): readonly [length: number, next: number] {
  let [length, next] = [nibble, at];
  if (nibble < 15) return [length, next];
  for (let byte = 255; byte === 255; next += 1) {
    byte = data[next] ?? 0;
    length += byte;
  }
  return [length, next];
}

/** One block (lz4_Block_format.md of the LZ4 project): literals, then a copy of earlier output that may overlap itself, and so on. */
function block(data: Buffer, output: Buffer, start: number): number {
  let to = start;
  for (let at = 0; at < data.length; ) {
    const token = data[at] ?? 0;
    const [literals, from] = lengthAt(data, at + 1, token >> 4);
    to += data.copy(output, to, from, from + literals);
    at = from + literals;
    // the last sequence has literals only
    if (at >= data.length) break;
    const distance = data.readUInt16LE(at);
    const [match, next] = lengthAt(data, at + 2, token & 15);
    for (const end = to + match + 4; to < end; to += 1) output[to] = output[to - distance] ?? 0;
    at = next;
  }
  return to;
}

/** Largest output of one block of the legacy format. */
const BLOCK = 8 << 20;

/** Unpacks LZ4's legacy format, the one in which Linux packs itself (lz4_Frame_format.md, "Legacy frame"): magic, then blocks with their sizes. */
export function unlz4(data: Buffer): Buffer {
  const outputs: Buffer[] = [];
  for (let at = 4; at + 4 <= data.length; ) {
    const size = data.readUInt32LE(at);
    const output = Buffer.alloc(BLOCK);
    outputs.push(output.subarray(0, block(data.subarray(at + 4, at + 4 + size), output, 0)));
    at += 4 + size;
  }
  return Buffer.concat(outputs);
}
