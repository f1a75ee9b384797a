import { expect, test } from 'vitest';
import { kafkaProperties } from '../../../../../edge/cli/demo/kafka-properties.ts';

const parsed = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .trimEnd()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

test('a proxied listener advertises the proxy and the plain one itself', () => {
  const ports = {
    broker: 11,
    controller: 12,
    proxySlots: [{ listenPort: 13, advertisedPort: 14 }],
  };
  const properties = parsed(kafkaProperties(ports, '/data', {}));
  expect(properties['listeners']).toBe(
    'PLAINTEXT://127.0.0.1:11,CONTROLLER://127.0.0.1:12,PROXIED0://127.0.0.1:13',
  );
  expect(properties['advertised.listeners']).toBe(
    'PLAINTEXT://127.0.0.1:11,PROXIED0://127.0.0.1:14',
  );
  expect(properties['listener.security.protocol.map']).toBe(
    'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED0:PLAINTEXT',
  );
  expect(properties['log.dirs']).toBe('/data');
});

test('the caller wins over a default', () => {
  const ports = { broker: 1, controller: 2, proxySlots: [] };
  const properties = parsed(kafkaProperties(ports, '/data', { 'num.io.threads': '7' }));
  expect(properties['num.io.threads']).toBe('7');
});

test('a host of its own is for clients alone', () => {
  const ports = { host: '10.1.0.1', broker: 1, controller: 2, proxySlots: [] };
  const properties = parsed(kafkaProperties(ports, '/data', {}));
  expect(properties['listeners']).toBe('PLAINTEXT://10.1.0.1:1,CONTROLLER://127.0.0.1:2');
  expect(properties['advertised.listeners']).toBe('PLAINTEXT://10.1.0.1:1');
});
