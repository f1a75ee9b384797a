import { expect, it } from 'vitest';
import { addressBookFindings } from '../../../../edge/cli/check-address-book.ts';
import type { KafkaClient } from '../../../../edge/cli/kafka-client.ts';
import { fail, ok, type Result } from '../../../../src/base/result.ts';
import type { Config } from '../../../../src/config/config.ts';
import { defaultConfig } from '../../../../src/config/parse-config.ts';

type Told = readonly (readonly [id: number, port: number])[];

const host = '192.0.2.7';
const own = defaultConfig();

/** Node 1 of data nodes 1 to 3 and a witness. */
const config: Config = {
  ...own,
  cluster: {
    ...{ id: 'p', replicaLagTimeMaxMs: 1_000, insecure: false },
    peers: [1, 2, 3, 4].map((id) => ({
      ...{ id, peer: `${host}:${100 + id}`, kafka: `${host}:${id}` },
      role: id === 4 ? ('witness' as const) : ('data' as const),
    })),
  },
};

/** What those of the others say that answer. */
const told = (by: Readonly<Record<string, Told>>) =>
  addressBookFindings(config, async (address): Promise<Result<KafkaClient, string>> => {
    const brokers = by[address]?.map(([nodeId, port]) => ({ nodeId, host, port }));
    if (brokers === undefined) return fail('ECONNREFUSED');
    const call = async () => ok({ brokers } as never);
    return ok({ call, isClosed: false, close: () => undefined });
  });

it('says nothing without a cluster, of nodes that are away, and of equal lists', async () => {
  expect(await addressBookFindings(own)).toEqual([]);
  expect(await told({})).toEqual([]);
  const same: Told = [
    [1, 1],
    [2, 2],
    [3, 3],
  ];
  expect(await told({ [`${host}:2`]: same, [`${host}:3`]: same })).toEqual([]);
});

it('warns of each node that another one has elsewhere, lacks or has alone (V2)', async () => {
  const found = await told({
    [`${host}:2`]: [
      [1, 1],
      [2, 2],
      [3, 33],
      [5, 5],
    ],
    [`${host}:3`]: [
      [2, 2],
      [3, 3],
    ],
  });
  expect(found.map(({ what, verdict }) => [what, verdict])).toEqual(
    Array.from({ length: 3 }, () => ['cluster.peers', 'warn']),
  );
  const same = 'give all nodes the same list';
  expect(found.map(({ text }) => text)).toEqual([
    `node 3 is at ${host}:33 for node 2, at ${host}:3 here: ${same}`,
    `node 5 is at ${host}:5 for node 2, not in cluster.peers here: ${same}`,
    `node 1 is not there for node 3, at ${host}:1 here: ${same}`,
  ]);
});
