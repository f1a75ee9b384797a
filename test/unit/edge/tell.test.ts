import { expect, it } from 'vitest';
import { tell, type Outside } from '../../../edge/tell.ts';
import { connectionId } from '../../../src/base/brand.ts';

const connection = connectionId(7);

/** An outside that notes by name what is called in it, and with what. */
const listeningOutside = (): { outside: Outside; heard: unknown[][] } => {
  const heard: unknown[][] = [];
  const note = (name: string): object =>
    new Proxy((...args: unknown[]) => void heard.push([name, ...args]), {
      get: (_, key) => note(`${name}.${String(key)}`),
    });
  const outside = new Proxy({}, { get: (_, key) => note(String(key)) });
  return { outside: outside as Outside, heard };
};

it('hands each effect to the one whom it is for, in order', () => {
  const { outside, heard } = listeningOutside();
  tell(outside, { type: 'PauseReading', connection });
  tell(outside, { type: 'ResumeReading', connection });
  tell(outside, { type: 'ReleasePublishes', publishIds: [1, 2] });
  tell(outside, { type: 'AnswerForwarder', askId: 3, isAllowed: true });
  tell(outside, { type: 'AnswerCluster', requestId: 4, led: [] });
  expect(heard).toEqual([
    ['connections.hold', connection, true],
    ['connections.hold', connection, false],
    ['mqtt.releasePublishes', [1, 2]],
    ['answerForwarder', 3, true],
    ['answerCluster', 4, []],
  ]);
});

it('calls a stop a fault of the disk only where the core says so', () => {
  const { outside, heard } = listeningOutside();
  tell(outside, { type: 'StopNode', text: 'why' });
  tell(outside, { type: 'StopNode', text: 'why', isDiskFault: true });
  expect(heard).toEqual([
    ['stopNode', 'why', false],
    ['stopNode', 'why', true],
  ]);
});
