import { coreBugs } from './core-bugs.ts';
import { edgeBugs } from './edge-bugs.ts';
import { forwardBugs } from './forward-bugs.ts';
import { logBugs } from './log-bugs.ts';
import { operatorBugs } from './operator-bugs.ts';
import type { PlantedBug } from './planted-bug.ts';
import { qos2Bugs } from './qos2-bugs.ts';
import { queueBugs } from './queue-bugs.ts';
import { recoveryBugs } from './recovery-bugs.ts';
import { rotBugs } from './rot-bugs.ts';

/** Every bug that the suites must find. */
export const allBugs: readonly PlantedBug[] = [
  ...logBugs,
  ...queueBugs,
  ...recoveryBugs,
  ...rotBugs,
  ...coreBugs,
  ...qos2Bugs,
  ...forwardBugs,
  ...edgeBugs,
  ...operatorBugs,
];
