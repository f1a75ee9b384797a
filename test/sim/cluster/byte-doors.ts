import { connectionId, type ConnectionId, type LinkId } from '../../../src/base/brand.ts';
import { limits } from '../../../src/base/limits.ts';
import type { Event } from '../../../src/core/event.ts';
import type { PeerEffect } from '../../../src/core/peer/peer-transport.ts';
import type { Chunk, EndEvents, SimTcp, TcpEnd } from './sim-tcp.ts';

/** Whose doors they are. */
export interface DoorsOwner {
  readonly net: SimTcp;
  readonly host: number;
  readonly post: (event: Event) => void;
  readonly nextId: () => number;
}

interface Connection {
  readonly end: TcpEnd;
  readonly isPeer: boolean;
  /** Left, and not reported to the core. */
  unreported: number;
}

const bytesOf = (chunk: Chunk): Uint8Array => {
  if (chunk instanceof Uint8Array) return chunk;
  throw new Error('MQTT came to a port of bytes');
};

/** The Kafka port and the peer port of a simulated node, and its links to other nodes. */
export class ByteDoors {
  readonly #owner: DoorsOwner;
  readonly #connections = new Map<ConnectionId, Connection>();
  readonly #links = new Map<LinkId, TcpEnd>();

  constructor(owner: DoorsOwner) {
    this.#owner = owner;
  }

  accept(end: TcpEnd, isPeer: boolean): EndEvents {
    const { post, nextId } = this.#owner;
    const connection = connectionId(nextId());
    const entry: Connection = { end, isPeer, unreported: 0 };
    this.#connections.set(connection, entry);
    post({ type: isPeer ? 'PeerConnectionOpened' : 'KafkaConnectionOpened', connection });
    return {
      received: (chunk) => {
        const type = isPeer ? 'PeerBytesReceived' : 'KafkaBytesReceived';
        post({ type, connection, chunk: bytesOf(chunk) });
      },
      sent: (bytes) => {
        entry.unreported += bytes;
        if (entry.unreported >= limits.socketReportBytes) this.#report(connection, entry);
      },
      closed: () => {
        this.#connections.delete(connection);
        post({ type: 'ConnectionClosed', connection });
      },
    };
  }

  send(connection: ConnectionId, chunks: readonly Uint8Array[]): void {
    this.#connections.get(connection)?.end.send(chunks);
  }

  close(connection: ConnectionId): void {
    this.#connections.get(connection)?.end.close();
  }

  hold(connection: ConnectionId, isHeld: boolean): void {
    this.#connections.get(connection)?.end.hold(isHeld);
  }

  /** Small answers that left long ago. */
  sweep(): void {
    for (const [connection, entry] of this.#connections) {
      if (entry.unreported > 0) this.#report(connection, entry);
    }
  }

  runLink(effect: PeerEffect): void {
    switch (effect.type) {
      case 'OpenLink':
        return this.#openLink(effect.link, effect.nodeId);
      case 'SendToLink':
        return this.#links.get(effect.link)?.send(effect.chunks);
      case 'CloseLink':
        return this.#links.get(effect.link)?.close();
    }
  }

  #openLink(link: LinkId, nodeId: number): void {
    const { net, host, post } = this.#owner;
    const end = net.connect(host, nodeId, 'peer', {
      opened: () => post({ type: 'LinkOpened', link }),
      received: (chunk) => post({ type: 'LinkBytesReceived', link, chunk: bytesOf(chunk) }),
      closed: (isRefused) => {
        this.#links.delete(link);
        post({ type: 'LinkClosed', link, isRefused, reason: isRefused ? 'refused' : 'closed' });
      },
    });
    this.#links.set(link, end);
  }

  #report(connection: ConnectionId, entry: Connection): void {
    const { unreported: bytes, isPeer } = entry;
    entry.unreported = 0;
    this.#owner.post({ type: isPeer ? 'PeerBytesSent' : 'KafkaBytesSent', connection, bytes });
  }
}
