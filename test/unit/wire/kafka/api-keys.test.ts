import { expect, test } from 'vitest';
import { apiKeys, peerApis, servedApis } from '../../../../src/wire/kafka/api-keys.ts';
import { allSchemas } from '../../../../src/wire/kafka/schema/all-schemas.ts';
import { peerSchemas } from '../../../../src/wire/kafka/schema/peer-schemas.ts';
import { parseVersions } from '../../../../src/wire/kafka/schema/parse-schema.ts';

test('clients are offered what they always were', () => {
  const offered = servedApis.map((api) => [api.apiKey, api.advertisedMin, api.versionMax]);
  expect(offered).toEqual([
    ...[
      [0, 0, 11],
      [1, 4, 12],
      [2, 1, 7],
      [3, 0, 12],
    ],
    ...[
      [18, 0, 4],
      [19, 2, 7],
      [22, 0, 4],
      [23, 2, 4],
      [32, 1, 4],
    ],
  ]);
});

test('each API is served in versions that its table has', () => {
  const peerKeys = new Set(peerSchemas.map(({ key }) => key));
  const ofClients = servedApis.map((api) => ({ api, schemas: allSchemas }));
  const ofPeers = peerApis.map((api) => ({
    api,
    schemas: peerKeys.has(api.apiKey) ? peerSchemas : allSchemas,
  }));
  for (const { api, schemas } of [...ofClients, ...ofPeers]) {
    const schema = schemas.find(({ key }) => key === api.apiKey);
    const range = parseVersions(schema?.versions ?? '', { min: 0, max: 0 });
    expect(range.min, schema?.name).toBeLessThanOrEqual(api.versionMin);
    expect(range.max, schema?.name).toBeGreaterThanOrEqual(api.versionMax);
  }
});

test('nodes are asked nothing in a version without ids of topics and directories', () => {
  expect(peerApis.find(({ apiKey }) => apiKey === apiKeys.fetch)?.versionMin).toBe(17);
  for (const { apiKey, versionMin } of peerApis) {
    const schema = [...peerSchemas, ...allSchemas].find(({ key }) => key === apiKey);
    expect(versionMin, schema?.name).toBeGreaterThanOrEqual(schema?.flexibleFrom ?? Infinity);
  }
});
