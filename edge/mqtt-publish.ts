import type { Client, PublishPacket } from 'aedes';
import type { Publish } from '../src/core/event.ts';
import { limits } from '../src/base/limits.ts';
import { isCleanText } from './mqtt-clean-text.ts';
import type { MqttConnection } from './mqtt-connection.ts';

/** An aedes packet (or will, which has no packet identifier) as the core takes it. */
export function publishOf(
  publishId: number,
  connection: MqttConnection,
  client: Client,
  packet: PublishPacket,
): Publish {
  const { payload } = packet;
  return {
    publishId,
    connection: connection.id,
    clientId: client.id,
    mqttTopic: packet.topic,
    payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
    qos: packet.qos,
    retain: packet.retain === true,
    packetId: packet.messageId ?? 0,
  };
}

/** Why a PUBLISH costs its connection although aedes' parser lets it pass. */
export function faultOf({ topic, qos, dup, messageId }: PublishPacket): string | undefined {
  if (!isPublishTopic(topic) || isEngineTopic(topic)) return 'a topic that may not be published to';
  // [MQTT-2.3.1-1]; the parser gives -1 where there is none.
  if (qos > 0 && (messageId ?? 0) < 1) return 'no packet identifier';
  if (qos === 0 && dup) return 'DUP at QoS 0'; // [MQTT-3.3.1-2]
  return undefined;
}

/** [MQTT-3.1.2-14]: aedes would give a will of QoS 3 to subscribers, which costs each of them. */
export const isGoodWill = ({ topic, qos = 0 }: { topic: string; qos?: number }): boolean =>
  isPublishTopic(topic) && qos <= 2;

/**
 * The engine tells itself things there. Bridges tell that they are there (mosquitto's does, by a
 * publish and by its will): such a publish is taken, and routed like others, but told to nobody.
 */
export const isEngineTopic = (topic: string): boolean => topic.startsWith('$SYS/');

/** Whether a publish may go to this topic ([MQTT-3.3.2-2], [MQTT-4.7.3-1]). */
export function isPublishTopic(topic: string): boolean {
  if (topic.length === 0) return false;
  if (!isCleanText(topic) || /[#+]/.test(topic)) return false;
  return (
    Buffer.byteLength(topic) <= limits.mqttTopicBytesMax &&
    levels(topic) <= limits.mqttTopicLevelsMax
  );
}

function levels(topic: string): number {
  let count = 1;
  for (let at = topic.indexOf('/'); at >= 0; at = topic.indexOf('/', at + 1)) count++;
  return count;
}
