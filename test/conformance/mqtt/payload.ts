/** `'text'` with its spaces, or a word of hex digits or of a letter and what it encodes. */
const word = /'[^']*'|\S+/g;

/** The bytes of a payload as the scripts write them. */
export function payloadBytes(payload: string): Buffer {
  return Buffer.concat((payload.match(word) ?? []).map(wordBytes));
}

function wordBytes(text: string): Buffer {
  const rest = text.slice(1);
  switch (text[0]) {
    case "'":
      return Buffer.from(text.slice(1, -1));
    case 'i':
      return Buffer.from([Number(rest)]);
    case 'H':
    case 'k':
    case 'm':
    case 's':
      return bigEndian(Number(rest), 2);
    case 'L':
      return bigEndian(Number(rest), 4);
    case 'v':
    case 'r':
      return lengthBytes(Number(rest));
    default:
      return Buffer.from(text, 'hex');
  }
}

function bigEndian(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

/** A variable byte integer; above 268,435,455 the illegal one of five bytes. */
function lengthBytes(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  do {
    bytes.push((left % 128) + (left >= 128 ? 128 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return Buffer.from(bytes);
}
