import { apis } from '../../src/client/kafka/api.ts';
import { metadataRequest } from '../../src/client/kafka/metadata-request.ts';
import { formatAddress } from '../../src/config/address.ts';
import type { Config } from '../../src/config/config.ts';
import { checkedAddress } from '../../src/config/node-addresses.ts';
import type { Finding } from './finding.ts';
import { openKafkaClient, type KafkaClient } from './kafka-client.ts';

const answerMsMax = 5_000;

/** Kafka addresses of data nodes, by number. */
type AddressBook = ReadonlyMap<number, string>;

/**
 * Whether the other data nodes tell Kafka clients the same addresses as `cluster.peers` here (V2).
 * Nothing of nodes that do not answer there: their peer ports tell of that.
 */
export async function addressBookFindings(
  config: Config,
  open = openKafkaClient,
): Promise<readonly Finding[]> {
  const peers = config.cluster?.peers.filter(({ role }) => role === 'data') ?? [];
  const ours = new Map(peers.map(({ id, kafka }) => [id, formatAddress(checkedAddress(kafka))]));
  const asked = [...ours].filter(([id]) => id !== config.node.id);
  const found = await Promise.all(
    asked.map(async ([id, address]) => {
      const client = await open(address);
      if (!client.ok) return [];
      const theirs = await addressesTold(client.value);
      client.value.close();
      return theirs === undefined ? [] : differences(ours, theirs, id);
    }),
  );
  return found.flat();
}

async function addressesTold(client: KafkaClient): Promise<AddressBook | undefined> {
  const answer = await client.call(apis.metadata, metadataRequest([]), answerMsMax);
  if (!answer.ok) return undefined;
  return new Map(answer.value.brokers.map((broker) => [broker.nodeId, formatAddress(broker)]));
}

function differences(ours: AddressBook, theirs: AddressBook, teller: number): readonly Finding[] {
  const ids = [...new Set([...ours.keys(), ...theirs.keys()])].toSorted((a, b) => a - b);
  return ids.flatMap((id): Finding[] => {
    const [here, there] = [ours.get(id), theirs.get(id)];
    if (here === there) return [];
    const text =
      `node ${id} is ${there === undefined ? 'not there' : `at ${there}`} for node ${teller}, ` +
      `${here === undefined ? 'not in cluster.peers' : `at ${here}`} here: give all nodes the same list`;
    return [{ what: 'cluster.peers', verdict: 'warn', text }];
  });
}
