import { readFileSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, expect, test } from 'vitest';
import type { NodeConfig } from '../../edge/cli/demo/node-launcher.ts';
import { TestAuthority } from '../support/certificates.ts';
import { requireTools } from '../support/require-tool.ts';
import { untilAllForwarded } from './harness/forward-progress.ts';
import { runShorelog } from './harness/run-shorelog.ts';
import { startTestNode } from './harness/shorelog-node.ts';
import { makeTempFolder, removeTempFolder } from './harness/temp-folder.ts';
import { waitUntil } from './harness/wait-until.ts';

const cleanUps: (() => unknown)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

/** Takes TLS connections and passes their bytes on in the clear, to a port that is said later. */
async function tlsPassage(certFile: string, keyFile: string) {
  const passage = { port: 0, targetPort: 0 };
  const [cert, key] = [certFile, keyFile].map((file) => readFileSync(file));
  const server = createServer({ cert, key }, (socket) => {
    const onward = connect(passage.targetPort, '127.0.0.1');
    for (const end of [socket, onward]) end.on('error', () => end.destroy());
    socket.pipe(onward).pipe(socket);
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => server.close());
  passage.port = (server.address() as AddressInfo).port;
  return passage;
}

test('forwards over TLS, and names a certificate that it does not trust', async (context) => {
  requireTools(context, 'openssl');
  const folder = makeTempFolder('central-tls');
  cleanUps.push(() => removeTempFolder(folder));
  const files = new TestAuthority(folder).issue('central', 'IP:127.0.0.1');
  const strange = new TestAuthority(join(folder, 'strange'));
  const passage = await tlsPassage(files.certFile, files.keyFile);
  const central = await startTestNode('tls-central', {
    kafka: { advertised: `127.0.0.1:${passage.port}` },
    topics: [{ name: 'readings', partitions: 2 }, { name: 'cursors' }],
    routes: [],
  });
  cleanUps.push(central.remove);
  passage.targetPort = central.node.ports.kafka;

  const trusting = (caFile: string): NodeConfig => ({
    topics: [{ name: 'sensors', partitions: 2 }],
    forward: {
      central: { bootstrap: [`127.0.0.1:${passage.port}`], tls: { caFile } },
      ...{ cursorTopic: 'cursors', delivery: 'atLeastOnce', lingerMs: 20 },
      routes: [{ from: 'sensors', to: 'readings' }],
    },
  });
  const { node, remove } = await startTestNode('over-tls', trusting(strange.caFile));
  cleanUps.push(remove);
  expect((await runShorelog(node, ['publish', 'plant/a', '21.5'])).out).toBe('1 on disk\n');
  const lastError = await waitUntil('a refused certificate', 30_000, async () => {
    const [first] = (await node.status()).forward;
    return first?.lastError;
  });
  expect(lastError).toMatch(/certificate/);

  await node.stop();
  node.configure(trusting(files.caFile));
  await node.start();
  await untilAllForwarded(node, 30_000);
  // One of ours, and in each partition its leader's first word.
  const { partitions } = await central.node.status();
  const ends = partitions.filter(({ topic }) => topic === 'readings').map((p) => p.highWatermark);
  expect(Math.min(...ends) + Math.max(...ends)).toBe(3);
}, 180_000);
