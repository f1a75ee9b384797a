import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { monotonicMs } from '../../src/base/brand.ts';
import type { MonotonicMs } from '../../src/base/brand.ts';
import type { Result } from '../../src/base/result.ts';
import { fail, ok } from '../../src/base/result.ts';
import type { Api } from '../../src/client/kafka/api.ts';
import { KafkaConnection } from '../../src/client/kafka/connection.ts';
import { parseAddress } from '../../src/config/address.ts';

/**
 * A Kafka connection with its socket, for commands: one broker, calls as promises, every wait
 * limited.
 */
export interface KafkaClient {
  call<Q, R>(api: Api<Q, R>, body: Q, msMax: number): Promise<Result<R, string>>;
  /** Whoever was there is gone, or we closed it: no call succeeds any more. */
  readonly isClosed: boolean;
  close(): void;
}

const connectMsMax = 5_000;
const expiryCheckMs = 100;

const now = (): MonotonicMs => monotonicMs(performance.now());

/** Connects to `host:port`; fails with the system's error code, or `ETIMEDOUT`. */
export async function openKafkaClient(address: string): Promise<Result<KafkaClient, string>> {
  const target = parseAddress(address);
  if (target === undefined) return fail(`${address} is no host:port`);
  const socket = connect(target);
  const failure = await connected(socket);
  if (failure !== undefined) {
    socket.destroy();
    return fail(failure);
  }
  return ok(clientOn(socket));
}

const connected = (socket: Socket): Promise<string | undefined> =>
  new Promise((resolve) => {
    socket.setTimeout(connectMsMax, () => resolve('ETIMEDOUT'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'EUNKNOWN'));
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve(undefined);
    });
  });

function clientOn(socket: Socket): KafkaClient {
  const protocol = new KafkaConnection('shorelog-cli');
  const write = (): void => protocol.takeOutgoing().forEach((chunk) => socket.write(chunk));
  const expiry = setInterval(() => {
    if (protocol.expire(now()) !== undefined) socket.destroy();
  }, expiryCheckMs);
  socket.on('data', (chunk) => {
    if (protocol.received(chunk) !== undefined) socket.destroy();
    else write();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearInterval(expiry);
    protocol.closed({ reason: 'disconnected', text: 'the connection was closed' });
  });
  protocol.opened(monotonicMs(now() + connectMsMax));
  write();
  return {
    call: (api, body, msMax) =>
      new Promise((resolve) => {
        protocol.call(api, body, monotonicMs(now() + msMax), (outcome) =>
          resolve(outcome.ok ? outcome : fail(outcome.error.text)),
        );
        write();
      }),
    get isClosed() {
      return socket.destroyed;
    },
    close: () => void socket.destroy(),
  };
}
