import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectionId } from '../../../src/base/brand.ts';
import {
  connectBytes,
  MqttBytes,
  MqttFakeCore,
  settle,
  subscribeBytes,
  until,
} from '../../fakes/mqtt-fake-core.ts';
import { identifierPacket, publishPacket } from '../../integration/harness/mqtt-raw-client.ts';

let core: MqttFakeCore;
const clients: MqttBytes[] = [];

beforeEach(async () => {
  core = new MqttFakeCore();
  await core.listen();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await core.front.stop();
});

async function join(clientId: string, clean = true): Promise<MqttBytes> {
  const client = await MqttBytes.connected(core.port, clientId, clean);
  clients.push(client);
  return client;
}

const publish = (qos: 0 | 1 | 2, packetId: number, topic = `t/${packetId}`): Buffer =>
  publishPacket({ topic, payload: 'x', qos, packetId });

describe('QoS 1', () => {
  test('PUBACK comes after the release, in the order of the releases', async () => {
    core.isEager = false;
    const client = await join('a');
    client.socket.write(Buffer.concat([publish(1, 1), publish(1, 2), publish(1, 3)]));
    await until(() => core.waiting.length === 3);
    await settle();
    expect(client.packets).toEqual(['connack:0/0']);
    core.release(core.waiting[0], core.waiting[1]);
    await until(() => client.packets.length === 3);
    await settle();
    expect(client.packets.slice(1)).toEqual(['puback:1', 'puback:2']);
    core.release(core.waiting[2]);
    await until(() => client.packets.length === 4);
    expect(core.front.pendingPublishes).toBe(0);
    expect(core.front.counters.publishes).toEqual([0, 3, 0]);
  });

  test('connections do not wait for each other', async () => {
    core.isEager = false;
    const first = await join('a');
    const second = await join('b');
    first.socket.write(publish(1, 1));
    await until(() => core.waiting.length === 1);
    second.socket.write(publish(1, 7));
    await until(() => core.waiting.length === 2);
    core.release(core.waiting[1]);
    await until(() => second.packets.includes('puback:7'));
    expect(first.packets).toEqual(['connack:0/0']);
  });

  test('a rejected publish closes its connection without PUBACK, others live', async () => {
    core.isEager = false;
    const other = await join('b');
    const client = await join('a');
    client.socket.write(Buffer.concat([publish(1, 1), publish(1, 2)]));
    await until(() => core.waiting.length === 2);
    core.reject(core.waiting[0]);
    await until(() => client.isClosed);
    expect(client.packets).toEqual(['connack:0/0']);
    expect(core.events.at(-1)).toMatchObject({ type: 'ConnectionClosed' });
    expect(core.front.pendingPublishes).toBe(0);
    core.isEager = true;
    other.socket.write(publish(1, 1));
    await until(() => other.packets.includes('puback:1'));
  });
});

describe('QoS 2', () => {
  test('PUBREC after the store, PUBCOMP after the removal', async () => {
    core.isEager = false;
    const client = await join('a');
    client.socket.write(publish(2, 5));
    await until(() => core.waiting.length === 1);
    expect(core.events.at(-1)).toMatchObject({ type: 'IdentifierReceived' });
    await settle();
    expect(client.packets).toEqual(['connack:0/0']);
    core.release(core.waiting[0]);
    await until(() => client.packets.includes('pubrec:5'));
    client.socket.write(identifierPacket('pubrel', 5));
    await until(() => core.waiting.length === 2);
    await settle();
    expect(client.packets).not.toContain('pubcomp:5');
    core.release(core.waiting[1]);
    await until(() => client.packets.includes('pubcomp:5'));
    // The identifier is free: a new reading under it goes to the core again.
    client.socket.write(publish(2, 5, 'new'));
    await until(() => core.waiting.length === 3);
    expect(core.topics()).toEqual(['t/5', 'pubrel 5', 'new']);
  });

  test('a PUBLISH sent twice waits for the store in flight and is delivered once', async () => {
    const subscriber = await join('s');
    subscriber.socket.write(subscribeBytes('#'));
    await until(() => subscriber.packets.includes('suback:9'));
    core.isEager = false;
    const client = await join('a');
    client.socket.write(publish(2, 5));
    await until(() => core.waiting.length === 1);
    client.socket.write(publish(2, 5));
    await settle();
    expect(core.waiting.length).toBe(1);
    expect(client.packets).toEqual(['connack:0/0']);
    core.release(core.waiting[0]);
    await until(() => client.packets.filter((name) => name === 'pubrec:5').length === 2);
    await settle();
    expect(subscriber.packets.filter((name) => name === 'publish:t/5').length).toBe(1);
  });

  test('PUBREL of an identifier that nobody knows gets PUBCOMP', async () => {
    const client = await join('a');
    client.socket.write(identifierPacket('pubrel', 77));
    await until(() => client.packets.includes('pubcomp:77'));
  });

  test('PUBREC and PUBACK keep their order although subscribers delay one of them', async () => {
    const subscriber = await join('s');
    subscriber.socket.write(subscribeBytes('slow/#'));
    await until(() => subscriber.packets.includes('suback:9'));
    core.isEager = false;
    const client = await join('a');
    client.socket.write(
      Buffer.concat([publish(2, 1, 'slow/1'), publish(2, 2), publish(1, 3), publish(2, 4)]),
    );
    await until(() => core.waiting.length === 4);
    expect(core.topics()).toEqual(['slow/1', 't/2', 't/3', 't/4']);
    core.release(...core.waiting);
    await until(() => client.packets.length === 5);
    expect(client.packets.slice(1)).toEqual(['pubrec:1', 'pubrec:2', 'puback:3', 'pubrec:4']);
  });

  test('taken over while the store is in flight: the repetition goes to the core anew', async () => {
    core.isEager = false;
    const first = await join('a', false);
    first.socket.write(publish(2, 5));
    await until(() => core.waiting.length === 1);
    const second = await join('a', false);
    await until(() => first.isClosed);
    second.socket.write(publish(2, 5));
    await until(() => core.waiting.length === 2);
    core.release(core.waiting[0]);
    await settle();
    expect(second.packets).toEqual(['connack:0/0']);
    core.release(core.waiting[1]);
    await until(() => second.packets.includes('pubrec:5'));
    const types = core.events.map((event) => event.type);
    expect(types.indexOf('ConnectionClosed')).toBeLessThan(types.lastIndexOf('SessionOpened'));
  });
});

describe('sessions', () => {
  test('CONNACK waits for the core; open identifiers mean session present, unseen', async () => {
    core.answersSessions = false;
    core.openIdentifiers = [3];
    const client = new MqttBytes(core.port);
    clients.push(client);
    client.socket.write(Buffer.concat([connectBytes('a', false), publish(1, 1)]));
    await until(() => core.events.length === 1);
    await settle();
    expect(client.packets).toEqual([]);
    expect(core.events.map((event) => event.type)).toEqual(['SessionOpened']);
    const [opened] = core.events;
    if (opened?.type !== 'SessionOpened') throw new Error('no session');
    const { requestId } = opened;
    core.front.sessionAnswered({ requestId, openIdentifiers: [3], isResumed: true });
    await until(() => client.packets.length === 2);
    expect(client.packets).toEqual(['connack:1/0', 'puback:1']);
    core.answersSessions = true;
    expect((await join('b', false)).packets).toEqual(['connack:1/0']);
    core.openIdentifiers = [];
    expect((await join('b', false)).packets).toEqual(['connack:0/0']);
    expect((await join('c', true)).packets).toEqual(['connack:0/0']);
  });

  test('what another node may have changed is not remembered of a session', async () => {
    const first = await join('a', false);
    first.socket.write(publish(2, 7));
    await until(() => first.packets.includes('pubrec:7'));
    core.isEager = false;
    const again = await join('a', false);
    again.socket.write(publish(2, 7));
    await until(() => again.packets.includes('pubrec:7'));
    core.isResumed = false;
    const elsewhere = await join('a', false);
    const seen = core.waiting.length;
    elsewhere.socket.write(publish(2, 7));
    await until(() => core.waiting.length === seen + 1);
    await settle();
    expect(elsewhere.packets).toEqual(['connack:0/0']);
  });

  test('a client that is connected elsewhere is closed; one that waits is told why', async () => {
    const client = await join('a', false);
    const [opened] = core.events;
    if (opened?.type !== 'SessionOpened') throw new Error('no session');
    core.front.closeSession(connectionId(99), 'a', 'not this connection');
    core.front.closeSession(opened.connection, 'a', 'a test says so');
    await until(() => client.isClosed);
    core.answersSessions = false;
    const late = new MqttBytes(core.port);
    clients.push(late);
    late.socket.write(connectBytes('b', false));
    await until(() => core.events.at(-1)?.type === 'SessionOpened');
    const waiting = core.events.at(-1);
    if (waiting?.type !== 'SessionOpened') throw new Error('no session');
    core.front.closeSession(waiting.connection, 'b', 'a test says so');
    await until(() => late.isClosed);
    expect(late.packets).toEqual(['connack:0/3']);
    await until(() => core.events.at(-1)?.type === 'ConnectionClosed');
  });

  test('a will goes to the core behind ConnectionClosed', async () => {
    const client = new MqttBytes(core.port);
    client.socket.write(connectBytes('a', true, 'will/a'));
    await until(() => client.packets.length === 1);
    client.socket.destroy();
    await until(() => core.waiting.length === 1);
    const types = core.events.map((event) => event.type);
    expect(types).toEqual(['SessionOpened', 'ConnectionClosed', 'PublishReceived']);
    expect(core.topics()).toEqual(['will/a']);
    await until(() => core.front.pendingPublishes === 0);
  });

  test('QoS 0 from a client that leaves at once reaches core and subscribers', async () => {
    const subscriber = await join('s');
    subscriber.socket.write(subscribeBytes('#'));
    await until(() => subscriber.packets.includes('suback:9'));
    core.isEager = false;
    const client = await join('a');
    client.socket.write(Buffer.concat([publish(0, 0, 'bye'), Buffer.from([0xe0, 0])]));
    await until(() => subscriber.packets.includes('publish:bye'));
    expect(core.topics()).toEqual(['bye']);
  });
});

test('held publishers wait, subscribers do not', async () => {
  const subscriber = await join('s');
  const client = await join('a');
  core.front.holdPublishers('all');
  client.socket.write(publish(1, 1));
  subscriber.socket.write(subscribeBytes('#'));
  await until(() => subscriber.packets.includes('suback:9'));
  await settle();
  expect(core.waiting).toEqual([]);
  core.front.holdPublishers('none');
  await until(() => client.packets.includes('puback:1'));
});

test('what a client says below $SYS goes to the core, and to no subscriber', async () => {
  const subscriber = await join('subscriber');
  subscriber.socket.write(subscribeBytes('$SYS/broker/#'));
  await until(() => subscriber.packets.includes('suback:9'));
  const state = '$SYS/broker/connection/b/state';
  const bridge = new MqttBytes(core.port);
  bridge.socket.write(connectBytes('bridge', true, state));
  await until(() => bridge.packets.length > 0);
  bridge.socket.write(Buffer.concat([publish(1, 1, state), publish(2, 2, state)]));
  await until(() => bridge.packets.includes('pubrec:2'));
  expect(bridge.packets).toEqual(['connack:0/0', 'puback:1', 'pubrec:2']);
  bridge.socket.destroy();
  await until(() => core.waiting.length === 3);
  await settle();
  expect(core.topics()).toEqual([state, state, state]);
  expect(subscriber.packets).toEqual(['connack:0/0', 'suback:9']);
});

describe('what breaks a rule or a limit costs its connection, nothing else', () => {
  const utf8 = (topic: Buffer): Buffer =>
    Buffer.concat([
      Buffer.from([0x30, topic.length + 3, 0, topic.length]),
      topic,
      Buffer.from('x'),
    ]);
  const longer = (packet: Buffer, more: Buffer): Buffer => {
    const whole = Buffer.concat([packet, more]);
    whole[1] = whole.length - 2;
    return whole;
  };
  const withWillQos3 = (): Buffer => {
    const packet = connectBytes('a', true, 'w');
    packet[9] = 0x1e;
    return packet;
  };
  const beforeConnect: Record<string, Buffer> = {
    'PUBLISH first': publish(1, 1),
    garbage: Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    'CONNECT of 5 KiB': connectBytes('a', true, 'w'.repeat(5_000)),
    'endless length': Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff]),
    'wildcard will': connectBytes('a', true, 'w/#'),
    'a will of QoS 3': withWillQos3(),
    'NUL in the client id': connectBytes('a\u0000b', true),
    'a field too many in CONNECT': longer(connectBytes('a', true), Buffer.from([0, 0])),
  };
  const afterConnect: Record<string, Buffer> = {
    'a packet larger than packetBytesMax': Buffer.from([0x30, 0xff, 0x7f]),
    'endless length': Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0xff]),
    'a deep topic': publish(1, 1, 'a/'.repeat(40)),
    'a very deep topic': publish(2, 1, '/'.repeat(2_000)),
    'a wildcard topic': publish(1, 1, 'a/#'),
    'an empty topic': publish(1, 1, ''),
    'packet identifier 0': publish(1, 0, 'a'),
    'packet identifier 0 at QoS 2': publish(2, 0, 'a'),
    'no packet identifier at QoS 1': Buffer.from([0x32, 3, 0, 1, 97]),
    'no packet identifier at QoS 2': Buffer.from([0x34, 3, 0, 1, 97]),
    'PUBREC without a packet identifier': Buffer.from([0x50, 0]),
    'PUBREL without a packet identifier': Buffer.from([0x62, 0]),
    'PUBREL of packet identifier 0': Buffer.from([0x62, 2, 0, 0]),
    'DUP at QoS 0': Buffer.from([0x38, 4, 0, 1, 97, 98]),
    'NUL in the topic': publish(1, 1, 'a\u0000'),
    'ill-formed UTF-8': utf8(Buffer.from([0xff, 0xfe])),
    'QoS 3': Buffer.from([0x36, 5, 0, 1, 97, 0, 1]),
    'a deep filter': subscribeBytes('a/'.repeat(50)),
    'a filter with a wrong wildcard': subscribeBytes('ab/+e'),
    'ill-formed UTF-8 in UNSUBSCRIBE': Buffer.from([0xa2, 5, 0, 1, 0, 1, 0xff]),
    'a second CONNECT': connectBytes('a', true),
  };

  async function othersLive(other: MqttBytes): Promise<void> {
    other.socket.write(publish(1, 9));
    await until(() => other.packets.includes('puback:9'));
    expect(core.topics()).toEqual(['t/9']);
  }

  test.each(Object.entries(beforeConnect))('before CONNECT: %s', async (_name, bytes) => {
    const other = await join('other');
    const client = new MqttBytes(core.port);
    client.socket.write(bytes);
    await until(() => client.isClosed);
    expect(client.packets).toEqual([]);
    await othersLive(other);
  });

  test.each(Object.entries(afterConnect))('after CONNECT: %s', async (_name, bytes) => {
    const other = await join('other');
    const client = await join('bad');
    client.socket.write(bytes);
    await until(() => client.isClosed);
    await othersLive(other);
  });

  test('a protocol level that is not known is refused with code 1', async () => {
    for (const level of [3, 5, 6]) {
      const client = new MqttBytes(core.port);
      const packet = connectBytes('a', true);
      packet[8] = level;
      client.socket.write(packet);
      await until(() => client.isClosed);
      expect(client.packets).toEqual(['connack:0/1']);
    }
  });

  test('a client identifier that is too long or missing is refused with code 2', async () => {
    for (const [clientId, clean] of [
      ['x'.repeat(300), true],
      ['', false],
    ] as const) {
      const client = await MqttBytes.connected(core.port, clientId, clean);
      expect(client.packets).toEqual(['connack:0/2']);
      await until(() => client.isClosed);
    }
  });

  test('packets arrive whole from single bytes', async () => {
    const client = new MqttBytes(core.port);
    clients.push(client);
    for (const byte of Buffer.concat([connectBytes('a', true), publish(1, 1), publish(2, 2)])) {
      client.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => client.packets.length === 3);
    expect(client.packets).toEqual(['connack:0/0', 'puback:1', 'pubrec:2']);
  });
});

test('a port in use is an error value', async () => {
  const second = new MqttFakeCore(1_024, core.port);
  expect(await second.front.listen()).toMatchObject({ ok: false, error: { code: 'EADDRINUSE' } });
  await second.front.stop();
});
