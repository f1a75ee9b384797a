import { unreachable } from '../src/base/assert.ts';
import type { LedStatus } from '../src/core/cluster-status.ts';
import type { AdminAnswer, Effect } from '../src/core/effect.ts';
import type { ForwardPartition } from '../src/core/forward/supervision.ts';
import type { PeerEffect } from '../src/core/peer/peer-transport.ts';
import type { Telemetry } from '../src/ports/telemetry.ts';
import type { ForwardMarks } from './forward-marks.ts';
import type { KafkaListener } from './kafka-listener.ts';
import type { MqttFront } from './mqtt-aedes.ts';

/** Effects that leave the storage alone. */
type Told = Extract<
  Effect,
  {
    type:
      | 'SendBytes'
      | 'CloseConnection'
      | 'PauseReading'
      | 'ResumeReading'
      | 'HoldPublishers'
      | 'ReleasePublishes'
      | 'RejectPublish'
      | 'OpenSessionAnswered'
      | 'CloseSession'
      | 'NoteForwardAttempt'
      | 'AnswerForwarder'
      | 'StoreForwardMark'
      | 'DescribeForwardPartitions'
      | 'Print'
      | 'AnswerAdmin'
      | 'AnswerCluster'
      | 'StopNode'
      | PeerEffect['type'];
  }
>;

/** Whom effects speak to. The listeners are bound late: they exist once the node is composed. */
export interface Outside {
  readonly telemetry: Telemetry;
  /** Those of clients and those of other nodes. */
  readonly connections: Pick<KafkaListener, 'send' | 'close' | 'hold'>;
  readonly links: (effect: PeerEffect) => void;
  readonly mqtt: Pick<
    MqttFront,
    'holdPublishers' | 'releasePublishes' | 'rejectPublish' | 'sessionAnswered' | 'closeSession'
  >;
  readonly forwardMarks: Pick<ForwardMarks, 'note' | 'noteAttempt'>;
  readonly answerForwarder: (askId: number, isAllowed: boolean) => void;
  readonly describeForwarding: (partitions: readonly ForwardPartition[]) => void;
  readonly answerAdmin: (requestId: number, answer: AdminAnswer) => void;
  readonly answerCluster: (requestId: number, led: readonly LedStatus[]) => void;
  readonly stopNode: (text: string, isDiskFault: boolean) => void;
}

/** Hands an effect to the one whom it is for, at once and in order; nothing comes back of it. */
export function tell(outside: Outside, effect: Told): void {
  switch (effect.type) {
    case 'SendBytes':
      return outside.connections.send(effect.connection, effect.chunks);
    case 'CloseConnection':
      return outside.connections.close(effect.connection, effect.isAbrupt);
    case 'PauseReading':
    case 'ResumeReading':
      return outside.connections.hold(effect.connection, effect.type === 'PauseReading');
    case 'OpenLink':
    case 'SendToLink':
    case 'CloseLink':
      return outside.links(effect);
    case 'HoldPublishers':
      return outside.mqtt.holdPublishers(effect.held);
    case 'ReleasePublishes':
      return outside.mqtt.releasePublishes(effect.publishIds);
    case 'RejectPublish':
      return outside.mqtt.rejectPublish(effect.publishId, effect.closeConnection, effect.reason);
    case 'OpenSessionAnswered':
      return outside.mqtt.sessionAnswered(effect);
    case 'CloseSession':
      return outside.mqtt.closeSession(effect.connection, effect.clientId, effect.reason);
    case 'NoteForwardAttempt':
      return outside.forwardMarks.noteAttempt(effect.attempt);
    case 'AnswerForwarder':
      return outside.answerForwarder(effect.askId, effect.isAllowed);
    case 'StoreForwardMark':
      return outside.forwardMarks.note(effect.mark);
    case 'DescribeForwardPartitions':
      return outside.describeForwarding(effect.partitions);
    case 'Print':
      return outside.telemetry.write(effect.level, effect.text, effect.fields);
    case 'AnswerAdmin':
      return outside.answerAdmin(effect.requestId, effect.answer);
    case 'AnswerCluster':
      return outside.answerCluster(effect.requestId, effect.led);
    case 'StopNode':
      return outside.stopNode(effect.text, effect.isDiskFault === true);
    default:
      return unreachable(effect);
  }
}
