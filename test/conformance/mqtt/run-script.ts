import {
  identifierPacket,
  MqttRawClient,
  packetTypes,
  publishPacket,
} from '../../integration/harness/mqtt-raw-client.ts';
import { payloadBytes } from './payload.ts';
import type { Script, ScriptStep } from './script.ts';
import { Wire } from './wire.ts';

const connack = Buffer.from([packetTypes.connack << 4, 2, 0, 0]);
const pingReq = Buffer.from([packetTypes.pingreq << 4, 0]);
const pingResp = Buffer.from([packetTypes.pingresp << 4, 0]);

/**
 * Plays a script against the broker at `port`; returns what went otherwise than it says. Answers
 * may come in another order, the broker chooses the identifiers of its publishes, and closing says
 * as much as a CONNACK that refuses.
 */
export async function runScript(script: Script, port: number): Promise<string | undefined> {
  const wire = new Wire(port);
  try {
    await wire.opened();
    if (script.connects) {
      wire.send(connectPacket(script.name));
      if ((await wire.take((packet) => packet.equals(connack))) === undefined) return 'no CONNACK';
    }
    const player = new Player(wire, port);
    for (const step of script.steps) {
      const fault = await player.play(step);
      if (fault !== undefined) return fault;
    }
    if (script.isClosed) return (await wire.closes()) ? undefined : 'the connection stays open';
    wire.send(pingReq);
    const answer = await wire.take((packet) => packet.equals(pingResp));
    return answer === undefined ? 'no PINGRESP' : undefined;
  } finally {
    wire.destroy();
  }
}

class Player {
  readonly #wire: Wire;
  readonly #port: number;
  /** The identifier that the broker gave its publish, by the script's. */
  readonly #identifiers = new Map<number, number>();

  constructor(wire: Wire, port: number) {
    this.#wire = wire;
    this.#port = port;
  }

  async play(step: ScriptStep): Promise<string | undefined> {
    if (step.type === 'external_publish') return publishFromOutside(step, this.#port);
    const bytes = payloadBytes(step.payload);
    if (step.type === 'recv') return this.#expect(bytes);
    this.#wire.send(this.#withIdentifier(bytes));
    return undefined;
  }

  async #expect(bytes: Buffer): Promise<string | undefined> {
    const wanted = this.#withIdentifier(bytes);
    const place = identifierPlace(bytes);
    const got = await this.#wire.take((packet) =>
      place === undefined
        ? packet.equals(wanted)
        : packet.length === bytes.length && without(packet, place).equals(without(bytes, place)),
    );
    if (got !== undefined) {
      if (place !== undefined)
        this.#identifiers.set(bytes.readUInt16BE(place), got.readUInt16BE(place));
      return undefined;
    }
    const isRefusal = bytes[0] === connack[0] && bytes[3] !== 0;
    if (isRefusal && this.#wire.packets.length === 0 && (await this.#wire.closes())) {
      return undefined;
    }
    const seen = this.#wire.packets.map((packet) => packet.toString('hex')).join(' ');
    return `expected ${wanted.toString('hex')}, got ${seen === '' ? 'nothing' : seen}`;
  }

  /** An answer to a publish of the broker, either way, under the identifier that it chose. */
  #withIdentifier(bytes: Buffer): Buffer {
    const type = (bytes[0] ?? 0) >> 4;
    const isAnswer = type >= packetTypes.puback && type <= packetTypes.pubcomp;
    const chosen =
      isAnswer && bytes.length === 4 ? this.#identifiers.get(bytes.readUInt16BE(2)) : undefined;
    if (chosen === undefined) return bytes;
    const copy = Buffer.from(bytes);
    copy.writeUInt16BE(chosen, 2);
    return copy;
  }
}

/** Where a PUBLISH of QoS 1 or 2 has its identifier. */
function identifierPlace(bytes: Buffer): number | undefined {
  const first = bytes[0] ?? 0;
  if (first >> 4 !== packetTypes.publish || (first & 0x06) === 0) return undefined;
  return 4 + bytes.readUInt16BE(2);
}

const without = (packet: Buffer, place: number): Buffer =>
  Buffer.concat([packet.subarray(0, place), packet.subarray(place + 2)]);

async function publishFromOutside(step: ScriptStep, port: number): Promise<undefined> {
  const { topic = '', qos = 0, payload, retain = false } = step;
  const { client } = await MqttRawClient.connect({ port, clientId: 'outside' });
  client.send(publishPacket({ topic, qos, payload, retain, packetId: 1 }));
  if (qos === 1) await client.receive(packetTypes.puback, 1);
  if (qos === 2) {
    await client.receive(packetTypes.pubrec, 1);
    client.send(identifierPacket('pubrel', 1));
    await client.receive(packetTypes.pubcomp, 1);
  }
  await client.end();
}

/** CONNECT of 3.1.1 with a clean session. */
function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId);
  const fields = payloadBytes("s4 'MQTT' 04 02 k60");
  const length = Buffer.from([id.length >> 8, id.length & 0xff]);
  const body = Buffer.concat([fields, length, id]);
  return Buffer.concat([payloadBytes(`10 r${body.length}`), body]);
}
