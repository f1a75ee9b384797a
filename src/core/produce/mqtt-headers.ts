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

interface Encoded {
  readonly source: HeaderSource;
  readonly headers: Uint8Array;
}

interface ClientHeaders {
  /** Of its newest publish: most clients keep to one topic for a while. */
  last: Encoded | undefined;
  readonly byTopic: Map<string, Encoded>;
}

/**
 * The encoded `mqtt.*` headers of a publish, cached: a sensor sends the same ones again and again.
 */
export class MqttHeaders {
  readonly #byClient = new Map<string, ClientHeaders>();
  #cached = 0;

  encoded(source: HeaderSource): Uint8Array {
    if (source.mqttTopic.length > limits.mqttTopicCachedLengthMax) return encodeMqttHeaders(source);
    let client = this.#byClient.get(source.clientId);
    if (client === undefined) {
      client = { last: undefined, byTopic: new Map() };
      this.#byClient.set(source.clientId, client);
    }
    const { last } = client;
    if (last !== undefined && isAlike(last.source, source)) return last.headers;
    client.last = this.#find(client, source);
    return client.last.headers;
  }

  #find({ byTopic }: ClientHeaders, source: HeaderSource): Encoded {
    const { qos, retain, mqttTopic, clientId } = source;
    const key = `${qos}${retain ? 'r' : 'n'}${mqttTopic}`;
    const known = byTopic.get(key);
    if (known !== undefined) return known;
    // Its payload is not to be kept.
    const kept = { mqttTopic, clientId, qos, retain };
    const encoded = { source: kept, headers: encodeMqttHeaders(source) };
    if (++this.#cached > cachedMax) this.#startOver();
    else byTopic.set(key, encoded);
    return encoded;
  }

  #startOver(): void {
    this.#byClient.clear();
    this.#cached = 0;
  }
}

/** Of one client. */
const isAlike = (a: HeaderSource, b: HeaderSource): boolean =>
  a.mqttTopic === b.mqttTopic && a.qos === b.qos && a.retain === b.retain;

function encodeMqttHeaders({ mqttTopic, qos, retain, clientId }: HeaderSource): Uint8Array {
  return encodeRecordHeaders([
    { key: 'mqtt.topic', value: utf8Encode(mqttTopic) },
    { key: 'mqtt.qos', value: utf8Encode(String(qos)) },
    { key: 'mqtt.retained', value: utf8Encode(String(retain)) },
    { key: 'mqtt.client.id', value: utf8Encode(clientId) },
  ]);
}
