import type { Client } from 'aedes';
import { expect, it } from 'vitest';
import { connectionId } from '../../../src/base/brand.ts';
import type { MqttConnection } from '../../../edge/mqtt-connection.ts';
import { MqttSessions } from '../../../edge/mqtt-sessions.ts';

const connectionOf = (id: number): MqttConnection =>
  ({
    id: connectionId(id),
    dead: false,
    client: { clean: true },
    guard: (run: () => void) => run(),
  }) as unknown as MqttConnection;
const client = { id: 'oven', clean: true } as Client;

it('frees a client id with the connection that holds it, not with an earlier one', () => {
  const told: string[] = [];
  const sessions: MqttSessions = new MqttSessions({
    inbound: { forget: () => void told.push('forgotten') },
    withOpenIdentifiers: new Set(),
    post: (event) => void told.push(event.type),
    connected: ({ id }) => void told.push(`connected ${id}`),
    displaced: ({ id }) => void told.push(`displaced ${id}`),
    refused: ({ id }, reason) => void told.push(`refused ${id}: ${reason}`),
  });
  const [first, second] = [connectionOf(1), connectionOf(2)];
  sessions.open(first, client, () => undefined);
  sessions.open(second, client, () => undefined);
  expect(told.splice(0)).toEqual([
    ...['connected 1', 'forgotten', 'SessionOpened'],
    ...['displaced 1', 'connected 2', 'forgotten', 'SessionOpened'],
  ]);
  sessions.connectionClosed(first);
  sessions.answered({ requestId: 2, openIdentifiers: [], isResumed: true });
  sessions.close(second.id, 'oven', 'taken over elsewhere');
  expect(told.splice(0)).toEqual(['refused 2: taken over elsewhere']);
  sessions.connectionClosed(second);
  sessions.close(second.id, 'oven', 'taken over elsewhere');
  expect(told).toEqual(['forgotten']);
});
