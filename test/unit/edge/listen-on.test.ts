import { Server } from 'node:net';
import { expect, it, vi } from 'vitest';
import { connectionId } from '../../../src/base/brand.ts';
import { startAdminServer } from '../../../edge/admin-server.ts';
import { KafkaListener } from '../../../edge/kafka-listener.ts';
import { MqttFakeCore } from '../../fakes/mqtt-fake-core.ts';

const address = { host: '127.0.0.1', port: 0 };
const unused = (): never => expect.unreachable();
const ports: readonly (readonly [string, () => Promise<() => Promise<unknown>>])[] = [
  [
    'MQTT',
    async () => {
      const { front } = new MqttFakeCore();
      expect(await front.listen()).toMatchObject({ ok: true });
      return () => front.stop();
    },
  ],
  [
    'Kafka and peer',
    async () => {
      const nextConnectionId = () => connectionId(1);
      const options = { address, connectionsMax: 1, post: unused, nextConnectionId };
      const listener = new KafkaListener(options);
      expect(await listener.listen()).toMatchObject({ ok: true });
      return () => listener.stop();
    },
  ],
  [
    'admin',
    async () => {
      const asked = { status: unused, isReady: unused, metrics: unused };
      const operated = { decideForward: unused, operate: unused };
      const telemetry = { write: unused };
      const started = await startAdminServer(address, { telemetry, ...asked, ...operated });
      return () => (started.ok ? started.value.close() : unused());
    },
  ],
];

it.each(ports)('connections that the %s port cannot accept end nothing', async (_, open) => {
  const listens = vi.spyOn(Server.prototype, 'listen');
  const close = await open();
  const [server] = listens.mock.contexts as unknown as [Server];
  const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE', syscall: 'accept' });
  // Unheard, `emit` throws, as it would in the handle that reports it.
  for (let times = 0; times < 3; times++) expect(server.emit('error', error)).toBe(true);
  await close();
});
