import { expect, it } from 'vitest';
import { portFindings } from '../../../../edge/cli/check-command.ts';
import type { Config } from '../../../../src/config/config.ts';
import { defaultConfig } from '../../../../src/config/parse-config.ts';

function configOf(role: 'data' | 'witness'): Config {
  const base = defaultConfig();
  const address = '127.0.0.1:0';
  return {
    ...base,
    kafka: { ...base.kafka, listen: '0.0.0.0:0', advertised: '127.0.0.1:0' },
    mqtt: { ...base.mqtt, listen: address },
    admin: { ...base.admin, listen: address },
    cluster: {
      ...{ id: 'p', replicaLagTimeMaxMs: 1_000, insecure: false, tls: undefined },
      peers: [{ id: base.node.id, peer: address, kafka: address, role }],
    },
  };
}

it('tries the ports that the node opens: a witness has none for clients', async () => {
  const data = await portFindings(configOf('data'));
  expect(data.map(({ what }) => what)).toEqual([
    ...['mqtt port', 'kafka port', 'admin port', 'peer port', 'advertised'],
  ]);
  const witness = await portFindings(configOf('witness'));
  expect(witness.map(({ what }) => what)).toEqual(['admin port', 'peer port']);
});
