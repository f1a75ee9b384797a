import { setInt32 } from '../../../src/base/bytes.ts';
import { Prng } from '../../../src/base/prng.ts';

/** A connection's bytes: one byte that seeds the pieces they come in, then one to six frames. */
export function framesOf(prng: Prng, frameAt: (correlationId: number) => Uint8Array): Uint8Array {
  const frames = Array.from({ length: 1 + prng.below(6) }, (_, index) => frameAt(index));
  const input = new Uint8Array(frames.reduce((sum, frame) => sum + 4 + frame.length, 1));
  input[0] = prng.below(256);
  let at = 1;
  for (const frame of frames) {
    setInt32(input, at, frame.length);
    input.set(frame, at + 4);
    at += 4 + frame.length;
  }
  return input;
}

/** The bytes behind the first in the pieces that it stands for: whole, halves, or single bytes. */
export function cutInPieces(input: Uint8Array): readonly Uint8Array[] {
  const prng = new Prng(input[0] ?? 0);
  const bytes = input.slice(1);
  // Single bytes of a long input would be a test of the loop around it.
  const few = bytes.length > 4_096 ? [100, 1_000] : [1];
  const sizes = prng.pick([[bytes.length], [bytes.length], few, [1, 200], [64, 512, 5_000]]);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = Math.max(1, prng.pick(sizes));
    pieces.push(bytes.slice(at, at + size));
    at += size;
  }
  return pieces;
}
