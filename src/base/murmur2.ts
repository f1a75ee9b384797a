const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;

/** MurmurHash2 as Kafka's Java client computes it over a key; a signed 32-bit integer. */
export function murmur2(key: Uint8Array, start = 0, end: number = key.length): number {
  const length = end - start;
  const wordsEnd = start + (length & ~3);
  let hash = seed ^ length;
  for (let at = start; at < wordsEnd; at += 4) {
    const word =
      (key[at] as number) |
      ((key[at + 1] as number) << 8) |
      ((key[at + 2] as number) << 16) |
      ((key[at + 3] as number) << 24);
    let mixed = Math.imul(word, multiplier);
    mixed = Math.imul(mixed ^ (mixed >>> 24), multiplier);
    hash = Math.imul(hash, multiplier) ^ mixed;
  }
  const rest = length & 3;
  if (rest === 3) hash ^= (key[wordsEnd + 2] as number) << 16;
  if (rest >= 2) hash ^= (key[wordsEnd + 1] as number) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ (key[wordsEnd] as number), multiplier);
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
}

/** The partition that Kafka's default partitioner gives a key among `partitions`. */
export const partitionOf = (key: Uint8Array, partitions: number): number =>
  (murmur2(key) & 0x7fffffff) % partitions;
