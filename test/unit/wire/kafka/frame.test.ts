import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../../src/base/bytes.ts';
import { FrameSplitter } from '../../../../src/wire/kafka/frame.ts';

const framed = (body: Uint8Array): Uint8Array =>
  Uint8Array.of(0, 0, body.length >> 8, body.length & 255, ...body);

describe('FrameSplitter', () => {
  it('gives the same frames however the bytes are cut', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 6 });
    const cuts = fc.array(fc.nat(140), { maxLength: 12 });
    fc.assert(
      fc.property(bodies, cuts, (list, places) => {
        const stream = concatBytes(list.map(framed));
        const splitter = new FrameSplitter(20);
        const frames: Uint8Array[] = [];
        let from = 0;
        for (const to of [...places.toSorted((a, b) => a - b), stream.length]) {
          const result = splitter.push(stream.subarray(from, to));
          if (!result.ok) throw new Error(result.error);
          frames.push(...result.value);
          from = Math.max(from, Math.min(to, stream.length));
        }
        expect(frames.map((frame) => [...frame])).toEqual(list.map((body) => [...body]));
      }),
    );
  });

  it('does not copy a frame that came in one piece', () => {
    const chunk = framed(Uint8Array.of(1, 2, 3));
    const result = new FrameSplitter(10).push(chunk);
    expect(result.ok && result.value[0]?.buffer).toBe(chunk.buffer);
  });

  it('takes little more than it got for a frame that comes byte by byte', () => {
    const splitter = new FrameSplitter(1 << 20);
    const held = (): number => process.memoryUsage().heapUsed + process.memoryUsage().external;
    const bytes = 200_000;
    splitter.push(Uint8Array.of(0, 15, 0, 0));
    const before = held();
    for (let left = bytes; left > 0; left--) splitter.push(Uint8Array.of(7));
    // Garbage of the single bytes counts too; each kept in an array of its own took 200 bytes.
    expect(held() - before).toBeLessThan(bytes * 100);
  });

  it('refuses lengths that are negative or too large', () => {
    const splitter = (): FrameSplitter => new FrameSplitter(10);
    expect(splitter().push(Uint8Array.of(255, 255, 255, 255))).toEqual({
      ok: false,
      error: 'negative',
    });
    expect(splitter().push(Uint8Array.of(0, 0, 0, 11))).toEqual({ ok: false, error: 'tooLarge' });
  });
});
