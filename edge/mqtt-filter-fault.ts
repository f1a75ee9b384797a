import { topicFilterProblem } from '../src/config/topic-filter.ts';
import { isCleanText } from './mqtt-clean-text.ts';

/** A packet as aedes' parser gives it, as far as it names topic filters. */
export interface FilterPacket {
  readonly cmd: string;
  readonly subscriptions?: readonly { readonly topic: string }[];
  readonly unsubscriptions?: readonly string[];
}

/**
 * Why a SUBSCRIBE or UNSUBSCRIBE costs its connection ([MQTT-1.5.3-1], [MQTT-1.5.3-2],
 * [MQTT-4.7.1-2], [MQTT-4.7.1-3]): aedes' own look at a filter misses some wildcards, and does not
 * mind what its characters are.
 */
export function filterFault(packet: FilterPacket): string | undefined {
  const filters = packet.unsubscriptions ?? packet.subscriptions?.map(({ topic }) => topic) ?? [];
  for (const filter of filters) {
    const problem = isCleanText(filter) ? topicFilterProblem(filter) : 'is ill-formed text';
    if (problem !== undefined) return `a topic filter that ${problem}`;
  }
  return undefined;
}
