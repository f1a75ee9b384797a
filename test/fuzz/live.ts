import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Prng } from '../../src/base/prng.ts';
import { LoadPublisher } from '../integration/harness/load-publisher.ts';
import { startTestNode } from '../integration/harness/shorelog-node.ts';
import { mutate } from './engine/mutate.ts';
import { cutInPieces } from './grammar/stream.ts';
import { kafkaRouterTarget } from './targets/kafka-router.ts';
import { randomMqttBytes } from './targets/mqtt.ts';

const usage = `npm run fuzz:live -- [options]

  --connections N  hostile connections, one after the other in each lane (default 20000)
  --lanes N        at the same time (default 40)
  --seed S         default 1

Throws them at a node of its own.
`;

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '40' },
    help: { type: 'boolean' },
  },
});

if (values.help === true) {
  process.stdout.write(usage);
  process.exit(0);
}

const prng = new Prng(Number(values.seed));
const wanted = Number(values.connections);
const inputBytesMax = 64 * 1024;

/** Bytes of one connection and whether they are MQTT's. */
function nextInput(): { readonly isMqtt: boolean; readonly input: Uint8Array } {
  const isMqtt = prng.chance(0.5);
  const make = (): Uint8Array =>
    isMqtt ? randomMqttBytes(prng) : kafkaRouterTarget.generate(prng);
  const first = make();
  if (prng.chance(0.5)) return { isMqtt, input: first };
  return { isMqtt, input: mutate(prng, first, make(), inputBytesMax) };
}

/** One connection: its bytes in pieces, then an end, a reset, or silence for a moment. */
async function attack(port: number, input: Uint8Array): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const leavesAt = prng.chance(0.3) ? prng.below(20) : Infinity;
  const isReader = prng.chance(0.8);
  if (isReader) socket.resume();
  await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', resolve));
  let sent = 0;
  for (const piece of cutInPieces(input).slice(0, 200)) {
    if (socket.destroyed || sent++ >= leavesAt) break;
    socket.write(piece);
    if (sent % 8 === 0) await delay(0);
  }
  if (leavesAt < Infinity && prng.chance(0.5)) socket.resetAndDestroy();
  else {
    await Promise.race([closed, delay(prng.below(30))]);
    socket.destroy();
  }
  await closed;
}

const residentMib = (pid: number): number =>
  Math.round(
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024,
  );

const { node, remove } = await startTestNode('fuzz-live');
try {
  const before = residentMib(node.pid);
  const witness = new LoadPublisher({ port: node.ports.mqtt, name: 'witness', inFlight: 5 });
  let [done, highest] = [0, before];
  const start = performance.now();
  const lane = async (): Promise<void> => {
    while (done < wanted && node.isRunning) {
      done++;
      const { isMqtt, input } = nextInput();
      await attack(isMqtt ? node.ports.mqtt : node.ports.kafka, input);
      if (done % 200 === 0) highest = Math.max(highest, residentMib(node.pid));
    }
  };
  await Promise.all(Array.from({ length: Number(values.lanes) }, lane));
  const seconds = Math.round((performance.now() - start) / 1_000);
  const acked = witness.acked.size;
  await delay(3_000);
  const isServed = witness.acked.size > acked;
  await witness.stop();
  const { health, mqtt } = await node.status();
  const residentMibs = { before, highest, after: residentMib(node.pid) };
  const witnessed = { acked: witness.acked.size, misplaced: witness.misplacedAcks, isServed };
  const report = {
    connections: done,
    seconds,
    health,
    residentMib: residentMibs,
    witness: witnessed,
  };
  process.stdout.write(`${JSON.stringify({ ...report, mqttConnections: mqtt.connections })}\n`);
  const isGood = node.isRunning && health === 'ok' && isServed && witness.misplacedAcks === 0;
  if (!isGood) process.stderr.write(node.output().slice(-3_000));
  process.exitCode = isGood ? 0 : 1;
} catch (error) {
  process.stderr.write(`${String(error)}\n${node.output().slice(-3_000)}`);
  process.exitCode = 1;
} finally {
  await remove();
}
