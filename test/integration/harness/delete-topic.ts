import type { Address } from '../../../src/config/address.ts';
import { BareKafkaConnection } from '../../../edge/cli/demo/bare-kafka-connection.ts';

const deleteTopics = { apiKey: 20, apiVersion: 1 } as const;
const msMax = 10_000;

/** Deletes one topic of a real Kafka. Throws when it refuses. */
export const deleteTopic = async (address: Address, name: string): Promise<void> => {
  const body = Buffer.alloc(4 + 2 + name.length + 4);
  body.writeInt32BE(1, 0);
  body.writeInt16BE(name.length, 4);
  body.write(name, 6, 'latin1');
  body.writeInt32BE(msMax, 6 + name.length);
  const connection = await BareKafkaConnection.open(address, msMax);
  try {
    const answer = await connection.request(deleteTopics.apiKey, deleteTopics.apiVersion, body);
    // Throttle time, a count of one, the name, then the code.
    const code = answer.readInt16BE(8 + 2 + name.length);
    if (code !== 0) throw new Error(`deleting topic ${name} was refused with ${code}`);
  } finally {
    connection.close();
  }
};
