import process from 'node:process';
import type { ForwarderSettings } from '../src/core/forward/settings.ts';
import type { ForwarderToNode, NodeToForwarder } from '../src/core/forward/supervision.ts';
import { ForwarderLoop } from './loop.ts';
import { lineTelemetry } from './telemetry.ts';

/**
 * The forwarder process. Its supervisor forks it with the settings as JSON in
 * SHORELOG_FORWARDER_SETTINGS and speaks to it over IPC; when that ends, it ends. Without IPC (by
 * hand, in tests) the node's first word comes as JSON in SHORELOG_FORWARDER_NODE and the answers
 * are printed.
 */
function main(): void {
  // Nobody reads its lines any more: no reason to stop forwarding.
  process.stdout.on('error', () => undefined);
  const telemetry = lineTelemetry((line) => process.stdout.write(line));
  const settingsText = process.env['SHORELOG_FORWARDER_SETTINGS'];
  if (settingsText === undefined) {
    telemetry.write(
      'error',
      'SHORELOG_FORWARDER_SETTINGS is missing: the node starts this process',
    );
    process.exitCode = 2;
    return;
  }
  const settings = JSON.parse(settingsText) as ForwarderSettings;
  const loop = new ForwarderLoop(settings, {
    telemetry,
    tell: (word) => {
      tell(word);
      if (word.type === 'ForwardAsked' && process.send === undefined) allow(word.askId);
    },
    finished: () => process.exit(0),
  });
  // Without a node there is nobody to drop anything.
  const allow = (askId: number): void =>
    loop.dispatch({
      type: 'NodeSpoke',
      word: { type: 'ForwardAnswered', askId, isAllowed: true },
    });
  loop.dispatch({ type: 'Started' });
  process.on('message', (word) =>
    loop.dispatch({ type: 'NodeSpoke', word: word as NodeToForwarder }),
  );
  process.on('disconnect', () => process.exit(0));
  const stop = (): void => loop.dispatch({ type: 'NodeSpoke', word: { type: 'StopRequested' } });
  process.on('SIGTERM', stop);
  // Ctrl-C reaches the whole process group; a supervised forwarder is stopped by its node.
  process.on('SIGINT', () => (process.connected ? undefined : stop()));
  const nodeText = process.env['SHORELOG_FORWARDER_NODE'];
  if (nodeText !== undefined) {
    loop.dispatch({ type: 'NodeSpoke', word: JSON.parse(nodeText) as NodeToForwarder });
  }
}

function tell(word: ForwarderToNode): void {
  if (process.send === undefined) process.stdout.write(`${JSON.stringify(word)}\n`);
  // A node that was killed this moment cannot hear: the end of the channel ends this process.
  else if (process.connected) process.send(word, undefined, {}, () => undefined);
}

main();
