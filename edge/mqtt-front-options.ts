import type { ConnectionId } from '../src/base/brand.ts';
import type { Event } from '../src/core/event.ts';
import type { Telemetry } from '../src/ports/telemetry.ts';

export interface MqttFrontOptions {
  readonly settings: {
    readonly host: string;
    /** 0: any free port. */
    readonly port: number;
    readonly packetBytesMax: number;
    /** Places for connections. */
    readonly connectionsMax: number;
  };
  /** Takes an event for the core; must not throw and not answer before it returns. */
  readonly post: (event: Event) => void;
  /** A connection was taken; others may wait behind it. */
  readonly accepted?: () => void;
  readonly nextConnectionId: () => ConnectionId;
  readonly telemetry: Telemetry;
}

export interface MqttAddress {
  readonly host: string;
  readonly port: number;
}

/** Why the port could not be opened; `code` is the operating system's. */
export interface MqttListenError {
  readonly code: string;
  readonly text: string;
}

/** Counts since the start, for metrics. */
export interface MqttCounters {
  /** PUBLISHes taken in, by QoS. */
  readonly publishes: [number, number, number];
  released: number;
  rejected: number;
  connectionsAccepted: number;
  /** Refused because all places were taken by clients that had connected. */
  connectionsRefused: number;
  /** Without a CONNECT: each made place for a newer connection. */
  connectionsDisplaced: number;
  /** Closed because a packet of theirs did not come to its end. */
  connectionsOverdue: number;
  /** Closed by us because the peer broke a rule or a limit. */
  connectionsBroken: number;
}
