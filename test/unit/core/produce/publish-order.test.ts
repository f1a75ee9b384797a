import { describe, expect, it } from 'vitest';
import { connectionId, monotonicMs } from '../../../../src/base/brand.ts';
import { PublishOrder } from '../../../../src/core/produce/publish-order.ts';

const one = connectionId(1);
const two = connectionId(2);
const newOrder = () => {
  const refused: number[] = [];
  return { refused, order: new PublishOrder((publishId) => refused.push(publishId)) };
};

describe('PublishOrder (C5, [MQTT-4.6.0-2])', () => {
  it('holds back a publish that is committed before an earlier one of its connection', () => {
    const { order } = newOrder();
    const first = order.add({ publishId: 10, connection: one, isPromised: true }, monotonicMs(10));
    const second = order.add({ publishId: 11, connection: one, isPromised: true }, monotonicMs(11));
    second.committed();
    expect(order.takeReleased()).toEqual([]);
    first.committed();
    expect(order.takeReleased()).toEqual([10, 11]);
    expect(order.takeReleased()).toEqual([]);
  });

  it('keeps connections apart', () => {
    const { order } = newOrder();
    order.add({ publishId: 10, connection: one, isPromised: true }, monotonicMs(10));
    order.add({ publishId: 20, connection: two, isPromised: true }, monotonicMs(20)).committed();
    expect(order.takeReleased()).toEqual([20]);
  });

  it('never releases what a closed connection left', () => {
    const { order } = newOrder();
    const pending = order.add(
      { publishId: 10, connection: one, isPromised: true },
      monotonicMs(10),
    );
    order.connectionClosed(one);
    pending.committed();
    expect(order.takeReleased()).toEqual([]);
  });

  it('a refused publish ends its connection: nothing behind it is acknowledged', () => {
    const { order, refused } = newOrder();
    const first = order.add({ publishId: 10, connection: one, isPromised: true }, monotonicMs(10));
    const second = order.add({ publishId: 11, connection: one, isPromised: true }, monotonicMs(11));
    first.refused('RECORD_TOO_LARGE');
    second.committed();
    second.refused('RECORD_TOO_LARGE');
    expect(refused).toEqual([10]);
    expect(order.takeReleased()).toEqual([]);
  });

  it('stores nothing behind a refused publish before its connection is closed (P3)', () => {
    const { order } = newOrder();
    const late = () =>
      order.add({ publishId: 11, connection: one, isPromised: true }, monotonicMs(11));
    order
      .add({ publishId: 10, connection: one, isPromised: true }, monotonicMs(10))
      .refused('REQUEST_TIMED_OUT');
    expect(late().isGone).toBe(true);
    const qos0 = order.add({ publishId: 12, connection: one, isPromised: false }, monotonicMs(11));
    const other = order.add({ publishId: 20, connection: two, isPromised: true }, monotonicMs(11));
    expect([qos0.isGone, other.isGone]).toEqual([false, false]);
    order.takeReleased();
    expect(late().isGone).toBe(true);
    order.takeReleased();
    expect(late().isGone).toBe(false);
  });

  it('gives up what is late, with its connection (P3)', () => {
    const { order, refused } = newOrder();
    order.add({ publishId: 10, connection: one, isPromised: true }, monotonicMs(10));
    order.add({ publishId: 20, connection: two, isPromised: true }, monotonicMs(20));
    order.giveUp(monotonicMs(15));
    expect(refused).toEqual([10]);
    order.giveUp(monotonicMs(15));
    expect(refused).toEqual([10]);
  });
});
