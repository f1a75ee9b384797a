import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { freePorts } from '../../edge/cli/demo/free-ports.ts';
import { shorelogProgram } from '../../edge/cli/demo/node-launcher.ts';
import { childPids } from './harness/child-pids.ts';
import { makeTempFolder, removeTempFolder } from './harness/temp-folder.ts';
import { waitUntil } from './harness/wait-until.ts';

it('a node and its forwarder go on when nobody reads what they print', async () => {
  const folder = makeTempFolder('closed-output');
  const [mqtt, kafka, admin, central] = await freePorts(4);
  const at = (port: number | undefined): string => `127.0.0.1:${port ?? 0}`;
  const config = {
    node: { dataDir: join(folder, 'data') },
    ...{ mqtt: { listen: at(mqtt) }, kafka: { listen: at(kafka) }, admin: { listen: at(admin) } },
    disk: { reserveBytes: 65_536 },
    // Nobody is there, which the forwarder prints.
    forward: { central: { bootstrap: [at(central)] } },
  };
  writeFileSync(join(folder, 'node.yaml'), stringify(config));
  const args = [shorelogProgram(), 'start', '--config', join(folder, 'node.yaml')];
  const node = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const pid = node.pid ?? 0;
  const forwarder = (): Promise<number> =>
    waitUntil('a forwarder', 30_000, () => Promise.resolve(childPids(pid)[0]));
  try {
    await once(node.stdout, 'data');
    node.stdout.destroy();
    const first = await forwarder();
    // The node prints that it is gone, and starts another one, which prints, too.
    kill(first, 'SIGKILL');
    const second = await waitUntil('another forwarder', 30_000, async () => {
      const found = await forwarder();
      return found === first ? undefined : found;
    });
    const status = `http://${at(admin)}/api/v1/status`;
    await waitUntil('what it cannot do', 30_000, async () => {
      const { forward } = (await (await fetch(status)).json()) as { forward: object[] };
      return JSON.stringify(forward).includes('ECONNREFUSED') || undefined;
    });
    // One that cannot print ends a moment after it has told its node.
    await delay(500);
    expect(await forwarder()).toBe(second);
    node.kill('SIGTERM');
    expect(await once(node, 'exit')).toEqual([0, null]);
  } finally {
    node.kill('SIGKILL');
    removeTempFolder(folder);
  }
}, 150_000);
