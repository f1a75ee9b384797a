import { test } from 'vitest';
import { checkOffline } from './harness/offline-case.ts';

test(
  'central goes away again when retention has begun to delete',
  (context) => checkOffline(context, 2),
  300_000,
);
