/** A packet as aedes hands it to its persistence; what it needs of it later is all that is kept. */
export interface QueuedPacket {
  readonly cmd: 'publish' | 'pubrel';
  readonly brokerId?: string;
  readonly brokerCounter?: number;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly retain: boolean;
  messageId?: number | undefined;
}

const overheadBytes = 200;

/** A copy with bytes of its own: the payload is a view on a whole chunk of some socket. */
export const ownCopy = (packet: QueuedPacket): QueuedPacket => ({
  ...packet,
  payload: Buffer.from(packet.payload),
});

/** What keeping it costs, roughly. */
export const queuedBytes = (packet: QueuedPacket): number =>
  (packet.payload?.length ?? 0) + (packet.topic?.length ?? 0) + overheadBytes;
