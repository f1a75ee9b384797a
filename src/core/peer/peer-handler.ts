import type { ConnectionId } from '../../base/brand.ts';
import type { ApiCodec } from '../../wire/kafka/codec.ts';
import { handlerOf, type Handler, type TypedExchange } from '../kafka/handler.ts';
import type { NodeFacts } from './node-facts.ts';

/** Who is behind a connection on the peer port. */
export interface IntroducedNodes {
  /**
   * The node that introduced itself there and is of this node's cluster, as both are now.
   * Undefined: nobody yet, or another cluster's (V6).
   */
  of(connection: ConnectionId): NodeFacts | undefined;
}

/** A request of a node that is known, and its place for the answer. */
export interface PeerExchange<Response> extends TypedExchange<Response> {
  readonly from: NodeFacts;
}

/** A handler for nodes that have introduced themselves; the connection of others is closed. */
export function peerHandler<Request, Response>(
  nodes: IntroducedNodes,
  codec: ApiCodec<Request, Response>,
  handle: (request: Request, typed: PeerExchange<Response>) => void,
): Handler {
  return handlerOf(codec, (request, typed) => {
    const from = nodes.of(typed.exchange.connection);
    if (from === undefined) return typed.exchange.close(`${codec.name} of nobody that is known`);
    return handle(request, { ...typed, from });
  });
}

/** The same for a handler that is written for clients too. */
export function guardedHandler(nodes: IntroducedNodes, handler: Handler): Handler {
  return (exchange, context) => {
    if (nodes.of(exchange.connection) !== undefined) return handler(exchange, context);
    return exchange.close('a request of nobody that is known');
  };
}
