/** CONNECT of MQTT 3.1.1, clean session, no keep-alive. */
export function connectPacket(clientId: string): Buffer {
  const head = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0]);
  return packet(0x10, [head, withLength(clientId)]);
}

/** PUBLISH with QoS 1. */
export function publishPacket(topic: string, id: number, payload: Buffer): Buffer {
  return packet(0x32, [withLength(topic), Buffer.from([id >> 8, id & 0xff]), payload]);
}

const pubackBytes = 4;

/**
 * Counts the PUBACKs in a stream of nothing else: they have four bytes each, and a chunk may end
 * anywhere.
 */
export function pubackCounter(): (chunk: Uint8Array) => number {
  let rest = 0;
  return (chunk) => {
    const bytes = rest + chunk.length;
    rest = bytes % pubackBytes;
    return (bytes - rest) / pubackBytes;
  };
}

function packet(first: number, parts: readonly Buffer[]): Buffer {
  const header = [first];
  let left = parts.reduce((sum, part) => sum + part.length, 0);
  do {
    header.push((left & 127) | (left > 127 ? 128 : 0));
    left >>>= 7;
  } while (left > 0);
  return Buffer.concat([Buffer.from(header), ...parts]);
}

function withLength(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}
