import { test } from 'vitest';
import { checkOffline } from './harness/offline-case.ts';

test(
  'central is away during the whole load: all of it waits, arrives once, and then goes',
  (context) => checkOffline(context, 1),
  300_000,
);
