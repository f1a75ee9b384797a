import { demoTopic } from './demo-central.ts';
import type { DemoScreen } from './demo-screen.ts';
import { IdentityCounter } from './demo-tally.ts';
import { hasKcat, readWithKcat } from './kcat-reader.ts';
import { identityIn } from './sensors.ts';

const readMsMax = 120_000;

/** Reads the demo's topic to its end and counts this run's readings. */
export const readIdentities = async (
  bootstrap: string,
  runId: string,
  screen: DemoScreen,
): Promise<IdentityCounter> => {
  const counter = new IdentityCounter();
  const take = (value: Buffer | undefined): void => {
    const identity = identityIn(value, runId);
    if (identity !== undefined) counter.add(identity);
  };
  if (!hasKcat()) throw new Error('kcat is not installed, so nobody but us could count');
  screen.say(`Counting at ${bootstrap} with kcat, read_committed`);
  await readWithKcat({ bootstrap, topic: demoTopic, msMax: readMsMax }, ({ value }) => take(value));
  return counter;
};
