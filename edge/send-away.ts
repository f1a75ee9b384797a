import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../src/base/limits.ts';
import type { MqttConnection } from './mqtt-connection.ts';

type Leaving = Pick<MqttConnection, 'dead' | 'pending' | 'order' | 'unsentBytes' | 'holdForGood'>;

/** Between two handfuls. */
const pauseMs = 10;
/** The next node takes in about so many meanwhile. */
const atOnceMin = 4;

export interface Departure<T> {
  readonly close: (connection: T) => void;
  /** There is another node to go to. */
  readonly hasOthers: boolean;
  readonly msMax?: number;
}

/**
 * Closes the connections of a node that goes. A connection goes between two publishes; from one
 * that has a publish under way nothing more is read until it is answered. Where there is another
 * node they go a few at a time: who comes there finds no crowd, and those that wait for their turn
 * are served as ever.
 * @returns when all are closed, or after `msMax`.
 */
export async function sendAway<T extends Leaving>(
  connections: readonly T[],
  { close, hasOthers, msMax = limits.mqttDepartureMsMax }: Departure<T>,
): Promise<void> {
  const rounds = hasOthers ? msMax / 2 / pauseMs : 1;
  const atOnce = Math.max(atOnceMin, Math.ceil(connections.length / rounds));
  const untilMs = performance.now() + msMax;
  const waiting = [...connections];
  let leaving: T[] = [];
  while (waiting.length > 0 || leaving.length > 0) {
    leaving.push(...waiting.splice(0, atOnce));
    for (const connection of leaving) {
      if (connection.dead) continue;
      if (isIdle(connection)) close(connection);
      else connection.holdForGood();
    }
    leaving = leaving.filter(({ dead }) => !dead);
    if (performance.now() >= untilMs) return;
    if (waiting.length > 0 || leaving.length > 0) await delay(pauseMs);
  }
}

const isIdle = ({ pending, order, unsentBytes }: Leaving): boolean =>
  pending.length === 0 && order.idle && unsentBytes === 0;
