import { limits } from '../src/base/limits.ts';
import type { SocketListenerOptions } from './socket-listener.ts';
import { SocketListener } from './socket-listener.ts';
import type { Event } from '../src/core/event.ts';

export interface KafkaListenerOptions extends Pick<
  SocketListenerOptions,
  'address' | 'connectionsMax' | 'nextConnectionId'
> {
  readonly post: (event: Event) => void;
}

/** The port of Kafka clients. */
export class KafkaListener extends SocketListener {
  constructor({ post, ...options }: KafkaListenerOptions) {
    super({
      ...options,
      drainTimeoutMs: limits.kafkaDrainTimeoutMs,
      events: {
        opened: (connection) => post({ type: 'KafkaConnectionOpened', connection }),
        received: (connection, chunk) => post({ type: 'KafkaBytesReceived', connection, chunk }),
        sent: (connection, bytes) => post({ type: 'KafkaBytesSent', connection, bytes }),
        closed: (connection) => post({ type: 'ConnectionClosed', connection }),
      },
    });
  }
}
