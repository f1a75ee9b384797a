import { utf8Encode } from '../../base/bytes.ts';
import { encodeTopic, type TopicValue } from '../../wire/state/state-codec.ts';
import type { Admission, AdmissionView } from './admission.ts';
import { clusterKeys } from './cluster-state.ts';
import { dataReplicasOf } from './place-topic.ts';
import { replan } from './replan.ts';
import type { TopicAlteration } from './topic-alteration.ts';

/**
 * `shorelog topics alter`: how many copies a topic has, how many a record needs (C3), and how long
 * it keeps what. Each node goes
 * by the record from when it is committed; internal topics are always auto (C3), and compacted.
 */
export function alterTopic(
  name: string,
  alteration: TopicAlteration,
  view: AdmissionView,
): Admission {
  const topic = view.cluster.topic(name);
  if (topic === undefined) return refuse(`There is no topic ${name}.`);
  if (topic.internal) return refuse(`${name} is an internal topic: it follows the nodes.`);
  const {
    replicas = topic.replicas,
    minInsyncReplicas = topic.minInsyncReplicas,
    retentionMs = topic.retentionMs,
    retentionBytes = topic.retentionBytes,
    keepUnforwarded = topic.keepUnforwarded,
  } = alteration;
  const dataNodes = view.members.filter(({ isWitness }) => !isWitness).length;
  if (alteration.replicas !== undefined && replicas > dataNodes) {
    return refuse(`${replicas} replicas need ${replicas} data nodes; there are ${dataNodes}.`);
  }
  const isOfCopies = (alteration.replicas ?? alteration.minInsyncReplicas) !== undefined;
  const copies = dataReplicasOf(replicas, dataNodes);
  if (isOfCopies && minInsyncReplicas > copies) {
    return refuse(`minInsyncReplicas is ${minInsyncReplicas}, and the replicas are ${copies}.`);
  }
  const kept = { minInsyncReplicas, retentionMs, retentionBytes, keepUnforwarded };
  const asked: TopicValue = { ...topic, replicas, ...kept };
  // Where its copies are is changed by whoever asks for that alone.
  const next = alteration.replicas === undefined ? asked : placed(asked, view);
  const isSame =
    next === asked &&
    topic.replicas === replicas &&
    topic.minInsyncReplicas === minInsyncReplicas &&
    topic.retentionMs === retentionMs &&
    topic.retentionBytes === retentionBytes &&
    topic.keepUnforwarded === keepUnforwarded;
  if (isSame) return { ok: true, changes: [] };
  const change = { key: utf8Encode(clusterKeys.topic(name)), value: encodeTopic(next) };
  return { ok: true, changes: [change] };
}

const placed = (asked: TopicValue, { members, cluster, self }: AdmissionView): TopicValue =>
  replan(asked, members, cluster.topics(), self) ?? asked;

const refuse = (text: string): Admission => ({ ok: false, text });
