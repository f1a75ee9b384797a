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
