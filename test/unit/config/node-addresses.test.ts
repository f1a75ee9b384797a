import { expect, it } from 'vitest';

import { nodeAddresses } from '../../../src/config/node-addresses.ts';
import { defaultConfig } from '../../../src/config/parse-config.ts';

it('parses the addresses', () => {
  expect(nodeAddresses(defaultConfig())).toEqual({
    mqtt: { host: '127.0.0.1', port: 1883 },
    kafka: { host: '127.0.0.1', port: 9092 },
    advertised: { host: '127.0.0.1', port: 9092 },
    admin: { host: '127.0.0.1', port: 9640 },
  });
});

it('has peers connect where the config says, or at the address of this node', () => {
  const peers = [{ id: 1, peer: '[::1]:9094', kafka: 'b:2', role: 'data' as const }];
  const cluster = { id: 'p', replicaLagTimeMaxMs: 1_000, insecure: false, peers };
  const peerOf = (listen?: string) => {
    const where = listen === undefined ? cluster : { ...cluster, listen };
    return nodeAddresses({ ...defaultConfig(), cluster: where }).peer;
  };
  expect(peerOf()).toEqual({ host: '::1', port: 9094 });
  expect(peerOf('0.0.0.0:9095')).toEqual({ host: '0.0.0.0', port: 9095 });
});
