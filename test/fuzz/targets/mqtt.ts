import { Server } from 'node:net';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Prng } from '../../../src/base/prng.ts';
import { MqttFakeCore } from '../../fakes/mqtt-fake-core.ts';
import type { FuzzTarget } from '../engine/fuzz-target.ts';
import { randomBytes } from '../grammar/batch.ts';
import { cutInPieces } from '../grammar/stream.ts';

const packetBytesMax = 8 * 1024;
/** The broker is made anew after so many connections, so that what they leave does not add up. */
const connectionsPerBroker = 4_000;

/** A socket in memory, as far as the front end and aedes use one. */
class MemorySocket extends Duplex {
  readonly sent: Buffer[] = [];

  constructor() {
    super({ allowHalfOpen: false, autoDestroy: true });
    this.on('error', () => undefined);
  }

  override _read(): void {
    // Bytes are pushed as the fuzzer has them.
  }

  setKeepAlive(): this {
    return this;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.sent.push(chunk);
    done();
  }
}

interface Heard {
  readonly sent: Buffer;
  readonly isClosed: boolean;
  readonly events: readonly string[];
  readonly pieces: number;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The MQTT front end as it is served, and a way to hand it sockets that are none. */
class Front {
  readonly core = new MqttFakeCore(packetBytesMax);
  connections = 0;
  #server: Server | undefined;

  async start(): Promise<this> {
    const { listen } = Server.prototype;
    const noteServer = (server: Server): void => void (this.#server = server);
    Server.prototype.listen = function (this: Server, ...options: unknown[]): Server {
      noteServer(this);
      return (listen as (...all: unknown[]) => Server).apply(this, options);
    } as typeof listen;
    await this.core.listen();
    Server.prototype.listen = listen;
    return this;
  }

  accept(): MemorySocket {
    this.connections++;
    const socket = new MemorySocket();
    this.#server?.emit('connection', socket as unknown as Socket);
    return socket;
  }
}

/** Bytes through the listener's own glue with aedes, in pieces; the first byte seeds the pieces. */
export async function startMqttTarget(): Promise<FuzzTarget<Heard>> {
  let front = await new Front().start();
  let witness = await joined(front);
  const stray: Error[] = [];
  const note = (error: unknown): void => void stray.push(new Error('stray', { cause: error }));
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);

  const renew = async (): Promise<void> => {
    await front.core.front.stop();
    front = await new Front().start();
    witness = await joined(front);
  };

  return {
    name: 'mqtt',
    inputBytesMax: 12 * 1024,
    generate: randomMqttBytes,
    async execute(input) {
      front.core.events.length = 0;
      const socket = front.accept();
      const pieces = cutInPieces(input);
      for (const piece of pieces) {
        if (socket.destroyed) break;
        socket.push(piece);
        if (piece.length > 1) await turn();
      }
      for (let turns = 0; turns < 6 && !socket.destroyed; turns++) await turn();
      const isClosed = socket.destroyed;
      socket.destroy();
      await turn();
      const events = front.core.events.map(({ type }) => type);
      return { sent: Buffer.concat(socket.sent), isClosed, events, pieces: pieces.length };
    },
    async check(_input, { sent, isClosed, events }) {
      const [error] = stray.splice(0);
      if (error !== undefined) throw error;
      const packets = packetsOf(sent);
      if (front.connections % 64 === 0) await ping(witness);
      const { connections, memory } = front.core.front;
      if (connections > 2) throw new Error(`${connections} connections are left`);
      if (memory.retainedBytes > 17 << 20) throw new Error('retained publishes grow');
      if (front.connections > connectionsPerBroker) await renew();
      const kinds = [...new Set(events)].join();
      return `${isClosed} ${packets.slice(0, 8).join(' ')} ${kinds}`;
    },
    async stop() {
      process.off('unhandledRejection', note);
      process.off('uncaughtException', note);
      await front.core.front.stop();
    },
    // aedes' client, its parser, the streams: what a connection costs, each packet, and each piece
    // that a socket hands out.
    allowance: (input, { events, pieces }) =>
      1024 * 1024 + 60 * input.length + events.length * 16_384 + pieces * 600,
  };
}

async function joined(front: Front): Promise<MemorySocket> {
  const socket = front.accept();
  socket.push(connect('witness', 2));
  for (let turns = 0; turns < 100 && socket.sent.length === 0; turns++) await turn();
  if (socket.sent.length === 0) throw new Error('the witness cannot connect');
  return socket;
}

/** Another client is unharmed: a ping and a publish are answered. */
async function ping(socket: MemorySocket): Promise<void> {
  socket.sent.length = 0;
  socket.push(Buffer.concat([Buffer.from([0xc0, 0]), publish('w', 1, 7, Buffer.from('x'))]));
  const expected = ['pingresp', 'puback'];
  for (let turns = 0; turns < 200; turns++) {
    const packets = packetsOf(Buffer.concat(socket.sent));
    if (expected.every((name) => packets.includes(name))) return;
    await turn();
  }
  throw new Error('the other client is not answered');
}

const names = [
  ...['0', 'connect', 'connack', 'publish', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'subscribe'],
  ...['suback', 'unsubscribe', 'unsuback', 'pingreq', 'pingresp', 'disconnect', '15'],
];

/** What was sent to the client, packet by packet; half a packet at the end is a broken promise. */
function packetsOf(sent: Buffer): readonly string[] {
  const packets: string[] = [];
  for (let at = 0; at < sent.length;) {
    let [length, shift, byte] = [0, 0, 0x80];
    let body = at + 1;
    while (byte >= 0x80) {
      byte = sent[body++] ?? 0;
      length |= (byte & 0x7f) << shift;
      shift += 7;
    }
    if (body + length > sent.length) throw new Error('half a packet was sent');
    packets.push(names[(sent[at] as number) >> 4] as string);
    at = body + length;
  }
  return packets;
}

const text = (value: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
};

function packet(first: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  for (let rest = body.length, isFirst = true; rest > 0 || isFirst; isFirst = false) {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  }
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

const connect = (clientId: string, flags: number, ...more: readonly Uint8Array[]): Buffer =>
  packet(0x10, text('MQTT'), Buffer.from([4, flags, 0, 60]), text(clientId), ...more);

const identifier = (id: number): Buffer => Buffer.from([id >> 8, id & 255]);

const publish = (topic: string, qos: number, id: number, payload: Uint8Array, flags = 0): Buffer =>
  packet(0x30 | (qos << 1) | flags, text(topic), ...(qos > 0 ? [identifier(id)] : []), payload);

const topics = ['a', 'a/b', 'w', '$SYS/x', 'a/#', '+', '', '/', 'é', '\u0000', '\ud800'];
const filters = ['a', '#', '+/+', 'a/#', '$SYS/#', '#/a', '$share/g/a', '', 'x'.repeat(200)];

/** CONNECT and a few packets behind it, as a client would, or nearly. */
export function randomMqttBytes(prng: Prng): Uint8Array {
  const packets: Uint8Array[] = [Buffer.from([prng.below(256)])];
  if (prng.chance(0.97)) packets.push(randomConnect(prng));
  for (let left = prng.below(8); left > 0; left--) packets.push(randomPacket(prng));
  return new Uint8Array(Buffer.concat(packets));
}

function randomConnect(prng: Prng): Buffer {
  const clientId = prng.pick(['c', 'c', 'd', '', 'x'.repeat(prng.pick([23, 256, 300])), 'é']);
  const will = prng.chance(0.3) ? [text(prng.pick(topics)), text('gone')] : [];
  const login = prng.chance(0.1) ? [text('user'), text('password')] : [];
  const willFlags = will.length > 0 ? 4 | (prng.below(4) << 3) | (prng.below(2) << 5) : 0;
  const clean = prng.chance(0.8) ? 2 : 0;
  const flags = clean | willFlags | (login.length > 0 ? 0xc0 : 0);
  if (prng.chance(0.1)) {
    const level = prng.pick([3, 5, 0, 128, 131]);
    const name = prng.pick(['MQIsdp', 'MQTT', 'mqtt', '']);
    return packet(0x10, text(name), Buffer.from([level, flags, 0, 9]), text(clientId));
  }
  return connect(clientId, flags, ...will, ...login);
}

function randomPacket(prng: Prng): Buffer {
  const id = prng.pick([0, 1, 2, 3, 65_535]);
  switch (prng.below(9)) {
    case 0:
      return packet(0x82, identifier(id), text(prng.pick(filters)), Buffer.from([prng.below(4)]));
    case 1:
      return packet(0xa2, identifier(id), text(prng.pick(filters)));
    case 2:
      return packet(prng.pick([0x40, 0x50, 0x62, 0x70]), identifier(id));
    case 3:
      return packet(prng.pick([0xc0, 0xe0, 0xd0, 0xf0, 0x00, 0x20, 0x90]));
    case 4:
      return packet(prng.below(256), randomBytes(prng, prng.below(20)));
    default: {
      const payload = randomBytes(prng, prng.pick([0, 1, 30, 300]));
      const flags = prng.pick([0, 0, 1, 8, 9]);
      return publish(prng.pick(topics), prng.below(4), id, payload, flags);
    }
  }
}
