import { createServer } from 'node:net';
import type { Socket } from 'node:net';

/**
 * Baseline: what a Node process can do at all. It reads MQTT packets, answers each PUBLISH of QoS 1
 * with PUBACK, one write a chunk, and keeps nothing. Run as a program with a port.
 */
const connack = Buffer.from([0x20, 2, 0, 0]);
const acksMax = 64 * 1024;

const serve = (socket: Socket): void => {
  socket.setNoDelay(true);
  socket.on('error', () => {});
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    rest = bytes.subarray(answerAll(socket, bytes));
  });
};

/** The place behind the last whole packet. */
const answerAll = (socket: Socket, bytes: Buffer): number => {
  const acks = Buffer.allocUnsafe(acksMax);
  let used = 0;
  let at = 0;
  while (at + 2 <= bytes.length) {
    let length = 0;
    let shift = 0;
    let body = at + 1;
    let byte = 128;
    while (byte >= 128 && body < bytes.length) {
      byte = bytes[body] ?? 0;
      length |= (byte & 127) << shift;
      shift += 7;
      body += 1;
    }
    if (byte >= 128 || body + length > bytes.length) break;
    const first = bytes[at] ?? 0;
    if (first >> 4 === 1) socket.write(connack);
    else if (first >> 4 === 3 && (first & 6) === 2) {
      const id = body + 2 + ((bytes[body] ?? 0) << 8) + (bytes[body + 1] ?? 0);
      acks[used] = 0x40;
      acks[used + 1] = 2;
      acks[used + 2] = bytes[id] ?? 0;
      acks[used + 3] = bytes[id + 1] ?? 0;
      used += 4;
    }
    at = body + length;
    if (used === acksMax) break;
  }
  if (used > 0) socket.write(acks.subarray(0, used));
  return at;
};

createServer(serve).listen(Number(process.argv[2]), '127.0.0.1');
