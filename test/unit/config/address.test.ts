import { describe, expect, it } from 'vitest';

import {
  formatAddress,
  isLoopbackHost,
  isWildcardHost,
  parseAddress,
} from '../../../src/config/address.ts';

describe('parseAddress', () => {
  it.each([
    ['127.0.0.1:1883', { host: '127.0.0.1', port: 1883 }],
    ['gateway.local:0', { host: 'gateway.local', port: 0 }],
    ['[::1]:9092', { host: '::1', port: 9092 }],
  ])('%s', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
    expect(formatAddress(address)).toBe(text);
  });

  it.each([
    '',
    '1883',
    ':1883',
    'a:',
    'a:b',
    '::1:1883',
    'a:99999',
    'a b:1',
    'http://a:1',
    'a/b:1',
  ])('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

it('knows loopback and wildcard', () => {
  expect(['localhost', '127.0.0.1', '127.9.9.9', '::1'].every(isLoopbackHost)).toBe(true);
  expect(['127.0.0.1.evil.org', '10.0.0.1', '0.0.0.0', ''].some(isLoopbackHost)).toBe(false);
  expect(['0.0.0.0', '::'].every(isWildcardHost)).toBe(true);
});
