import { identifierPacket, packetTypes, publishPacket } from './mqtt-raw-client.ts';
import type { MqttRawClient } from './mqtt-raw-client.ts';

/** The points of a QoS 2 hand-over, in order, at which a test may stop and kill a side. */
export const qos2Steps = [
  'publishSent',
  'pubrecReceived',
  'pubrelSent',
  'pubcompReceived',
] as const;
export type Qos2Step = (typeof qos2Steps)[number];

export interface Qos2Publish {
  readonly packetId: number;
  readonly topic: string;
  readonly payload: string;
  /** A repeat after a reconnect. */
  readonly dup?: boolean;
}

/** Goes through the hand-over up to and including `last`. Rejects when an answer does not come. */
export const walkQos2 = async (
  client: MqttRawClient,
  publish: Qos2Publish,
  last: Qos2Step = 'pubcompReceived',
): Promise<void> => {
  client.send(publishPacket({ ...publish, qos: 2 }));
  if (last === 'publishSent') return;
  await client.receive(packetTypes.pubrec, publish.packetId);
  if (last === 'pubrecReceived') return;
  await releaseQos2(client, publish.packetId, last);
};

/** The second half alone, as a client does that reconnects after PUBREC. */
export const releaseQos2 = async (
  client: MqttRawClient,
  packetId: number,
  last: Qos2Step = 'pubcompReceived',
): Promise<void> => {
  client.send(identifierPacket('pubrel', packetId));
  if (last === 'pubrelSent') return;
  await client.receive(packetTypes.pubcomp, packetId);
};
