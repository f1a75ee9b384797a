import { limits } from '../../base/limits.ts';
import { utf8Encode } from '../../base/bytes.ts';
import { encodeRecordHeaders } from '../../wire/kafka/record-headers.ts';

/** What of a publish becomes record headers. */
export interface HeaderSource {
  readonly mqttTopic: string;
  readonly clientId: string;
  readonly qos: number;
  readonly retain: boolean;
}

const cachedMax = 20_000;

/**
 * The encoded `mqtt.*` headers of a publish, cached: a sensor sends the same ones again and again.
 */
export class MqttHeaders {
  readonly #byClient = new Map<string, Map<string, Uint8Array>>();
  #cached = 0;

  encoded(source: HeaderSource): Uint8Array {
    if (source.mqttTopic.length > limits.mqttTopicCachedLengthMax) return encodeMqttHeaders(source);
    let byTopic = this.#byClient.get(source.clientId);
    if (byTopic === undefined) {
      byTopic = new Map();
      this.#byClient.set(source.clientId, byTopic);
    }
    const key = `${source.qos}${source.retain ? 'r' : 'n'}${source.mqttTopic}`;
    const known = byTopic.get(key);
    if (known !== undefined) return known;
    const encoded = encodeMqttHeaders(source);
    if (++this.#cached > cachedMax) this.#startOver();
    else byTopic.set(key, encoded);
    return encoded;
  }

  #startOver(): void {
    this.#byClient.clear();
    this.#cached = 0;
  }
}

function encodeMqttHeaders({ mqttTopic, qos, retain, clientId }: HeaderSource): Uint8Array {
  return encodeRecordHeaders([
    { key: 'mqtt.topic', value: utf8Encode(mqttTopic) },
    { key: 'mqtt.qos', value: utf8Encode(String(qos)) },
    { key: 'mqtt.retained', value: utf8Encode(String(retain)) },
    { key: 'mqtt.client.id', value: utf8Encode(clientId) },
  ]);
}
