import { expect, test, vi } from 'vitest';
import { sendAway } from '../../../edge/send-away.ts';

class Client {
  readonly pending = { length: 0 };
  readonly order = { idle: true };
  unsentBytes = 0;
  dead = false;
  isHeld = false;
  holdForGood = (): void => void (this.isHeld = true);
}

const clientsOf = (count: number): Client[] => Array.from({ length: count }, () => new Client());
const closer =
  (closed: Client[]) =>
  (client: Client): void => {
    client.dead = true;
    closed.push(client);
  };

test('goes on to the next few after a pause', async () => {
  const [clients, closed] = [clientsOf(9), [] as Client[]];
  const whole = sendAway(clients as never[], { close: closer(closed), hasOthers: true });
  expect(closed).toHaveLength(4);
  await whole;
  expect(closed).toEqual(clients);
  expect(clients.some(({ isHeld }) => isHeld)).toBe(false);
});

test('sends all away at once where there is no other node, but for what is under way', async () => {
  const [clients, closed] = [clientsOf(99), [] as Client[]];
  const [busy] = clients as [Client];
  busy.pending.length = 1;
  const whole = sendAway(clients as never[], { close: closer(closed), hasOthers: false });
  expect([busy.isHeld, closed.length]).toEqual([true, 98]);
  busy.pending.length = 0;
  await whole;
  expect(closed).toHaveLength(99);
});

test('answers what is under way first, and reads nothing more of it', async () => {
  const [busy, unsent, idle] = clientsOf(3) as [Client, Client, Client];
  busy.pending.length = 1;
  unsent.unsentBytes = 1;
  const closed: Client[] = [];
  const whole = sendAway([busy, unsent, idle] as never[], {
    close: closer(closed),
    hasOthers: true,
  });
  expect([busy.isHeld, unsent.isHeld, closed]).toEqual([true, true, [idle]]);
  busy.pending.length = 0;
  unsent.unsentBytes = 0;
  await whole;
  expect(closed).toEqual([idle, busy, unsent]);
});

test('who has gone by itself is not closed, and who is never answered not waited for', async () => {
  const [gone, stuck] = clientsOf(2) as [Client, Client];
  gone.dead = true;
  stuck.order.idle = false;
  const closed: Client[] = [];
  let nowMs = 0;
  const now = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 20));
  await sendAway([gone, stuck] as never[], { close: closer(closed), hasOthers: true, msMax: 40 });
  expect(closed).toEqual([]);
  // At its beginning, after 20 ms, and after 40.
  expect(now).toHaveBeenCalledTimes(3);
});
