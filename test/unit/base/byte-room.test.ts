import { describe, expect, it } from 'vitest';
import { ByteRoom } from '../../../src/base/byte-room.ts';

const nothing = (): void => undefined;

describe('ByteRoom', () => {
  it('grants up to its size, at it and not above', () => {
    const room = new ByteRoom(100);
    expect(room.claim(60, nothing).isGranted).toBe(true);
    expect(room.claim(40, nothing).isGranted).toBe(true);
    expect(room.claim(1, nothing).isGranted).toBe(false);
    expect(room.usedBytes).toBe(100);
    expect(room.isAwaited).toBe(true);
  });

  it('serves who waits in turn, also where a later one would fit', () => {
    const room = new ByteRoom(100);
    const order: string[] = [];
    const first = room.claim(90, nothing);
    const large = room.claim(50, () => order.push('large'));
    room.claim(5, () => order.push('small'));
    expect(order).toEqual([]);
    room.free(first);
    expect(order).toEqual(['large', 'small']);
    expect(large.isGranted).toBe(true);
    expect(room.usedBytes).toBe(55);
  });

  it('grants what is larger than all of it only alone', () => {
    const room = new ByteRoom(100);
    const one = room.claim(1, nothing);
    const huge = room.claim(500, nothing);
    expect(huge.isGranted).toBe(false);
    room.free(one);
    expect(huge.isGranted).toBe(true);
    expect(room.claim(1, nothing).isGranted).toBe(false);
  });

  it('lets who waits leave the queue, and gives back once only', () => {
    const room = new ByteRoom(100);
    const all = room.claim(100, nothing);
    const gone = room.claim(100, nothing);
    const next = room.claim(10, nothing);
    room.free(gone);
    room.free(all);
    room.free(all);
    expect(room.usedBytes).toBe(10);
    expect(next.isGranted).toBe(true);
    expect(gone.isGranted).toBe(false);
  });

  it('takes what a claim came to, and tells whether anything moves', () => {
    const room = new ByteRoom(100);
    const claim = room.open();
    room.change(claim, 300);
    room.claim(10, nothing);
    const before = room.turnover;
    room.change(claim, 310);
    expect(room.turnover).toBe(before);
    room.change(claim, 20);
    expect(room.turnover).toBeGreaterThan(before);
    expect(room.usedBytes).toBe(30);
  });

  it('hands out ever smaller portions as it fills', () => {
    const room = new ByteRoom(100);
    expect(room.portion(80, 5)).toBe(50);
    expect(room.portion(20, 5)).toBe(20);
    room.claim(94, nothing);
    expect(room.portion(80, 5)).toBe(5);
    expect(room.portion(2, 5)).toBe(2);
  });

  it('serves many who give back at once without deep calls', () => {
    const room = new ByteRoom(10);
    const first = room.claim(10, nothing);
    let served = 0;
    for (let i = 0; i < 50_000; i++) {
      const claim = room.claim(10, () => {
        served++;
        room.free(claim);
      });
    }
    room.free(first);
    expect(served).toBe(50_000);
    expect(room.usedBytes).toBe(0);
  });
});
