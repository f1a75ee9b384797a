import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AdminPort } from '../../../edge/admin-port.ts';
import { exitCodes } from '../../../edge/cli/exit-codes.ts';
import { NodeDisk } from '../../../edge/disk-node.ts';
import { Executor } from '../../../edge/execute.ts';
import { KafkaListener } from '../../../edge/kafka-listener.ts';
import { Loop } from '../../../edge/loop.ts';
import { MqttFront } from '../../../edge/mqtt-aedes.ts';
import { startNode } from '../../../edge/node.ts';
import { PeerExecutor } from '../../../edge/peer-executor.ts';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import {
  DiskError,
  type DiskErrorCode,
  type DiskFile,
  type OpenMode,
} from '../../../src/ports/disk.ts';

/** From now on the fsync of each file whose path begins so fails. */
const failSyncsOf = (path: string, code: DiskErrorCode): void => {
  const open = NodeDisk.prototype.open;
  vi.spyOn(NodeDisk.prototype, 'open').mockImplementation(async function (
    this: NodeDisk,
    name: string,
    mode: OpenMode,
  ): Promise<DiskFile> {
    const file = await open.call(this, name, mode);
    if (name.startsWith(path)) {
      file.sync = () => Promise.reject(new DiskError(code, 'sync', name));
    }
    return file;
  });
};

let dataDir = '';
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'shorelog-boot-'));
});
afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

const telemetry = { write: () => undefined };
const configOf = (more: object = {}): Config => {
  const config = parseConfig({
    node: { dataDir },
    mqtt: { listen: '127.0.0.1:0' },
    kafka: { listen: '127.0.0.1:0', advertised: '127.0.0.1:9092' },
    admin: { listen: '127.0.0.1:0' },
    ...more,
  });
  if (!config.ok) throw new Error('the config of this test is wrong');
  return config.value;
};

it.each([
  ['logs/__cluster-0/00000000000000000000.log', 'EIO'],
  ['journal', 'OTHER'],
] as const)('ends with 74 when an fsync of a start fails: %s, %s (L8)', async (path, code) => {
  failSyncsOf(path, code);
  const started = await startNode(configOf(), { telemetry });
  expect(started).toMatchObject({ ok: false, error: { exitCode: exitCodes.diskCondemned } });
});

/** Notes when it is called, and whether something noted before is not over. */
class Order {
  readonly calls: string[] = [];
  #running = 0;

  note<T extends object>(type: { readonly prototype: T }, ...methods: (keyof T & string)[]): void {
    const calls = type.prototype as Record<string, (...args: unknown[]) => unknown>;
    for (const method of methods) {
      const real = calls[method] as (...args: unknown[]) => unknown;
      const called = (): unknown => this.#called(`${type.prototype.constructor.name}.${method}`);
      const ended = (): unknown => this.#running--;
      vi.spyOn(calls, method).mockImplementation(function (this: T, ...args: unknown[]) {
        called();
        const result = real.apply(this, args);
        if (result instanceof Promise) void result.then(ended, ended);
        else ended();
        return result;
      });
    }
  }

  #called(name: string): void {
    this.calls.push(this.#running++ === 0 ? name : `${name} too early`);
  }
}

it('stops what sensors and other nodes need one after the other', async () => {
  const peers = [{ id: 1, peer: '127.0.0.1:9', kafka: '127.0.0.1:9092' }];
  const cluster = { id: 'plant', listen: '127.0.0.1:0', peers };
  const started = await startNode(configOf({ cluster }), { telemetry });
  if (!started.ok) throw new Error(started.error.text);
  const order = new Order();
  order.note(MqttFront, 'stop');
  order.note(KafkaListener, 'stop');
  order.note(PeerExecutor, 'stop');
  order.note(Executor, 'settled', 'close');
  order.note(Loop, 'stop');
  order.note(AdminPort, 'close');
  await started.value.stop();
  expect(order.calls).toEqual([
    // Sensors first: what they sent is answered.
    'MqttFront.stop',
    'KafkaListener.stop',
    'Executor.settled',
    'PeerExecutor.stop',
    // What came from other nodes until then.
    'Executor.settled',
    'Loop.stop',
    'AdminPort.close',
    'Executor.close',
  ]);
});
