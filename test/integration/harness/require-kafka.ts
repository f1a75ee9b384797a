import { inject } from 'vitest';
import type { TestContext } from 'vitest';
import { launchKafka } from '../../../edge/cli/demo/kafka-launcher.ts';
import type { KafkaBroker, KafkaOptions } from '../../../edge/cli/demo/kafka-launcher.ts';
import type { SharedKafka } from './kafka-global-setup.ts';

/**
 * First line of a test that needs a real Kafka: the run's shared broker. Where there is none the
 * test is skipped with the reason in the summary; with REQUIRE_KAFKA=1 the run has failed before.
 */
export const requireKafka = (
  context: Pick<TestContext, 'skip'>,
): Extract<SharedKafka, { readonly available: true }> => {
  const shared = inject('sharedKafka');
  if (!shared.available) context.skip(shared.reason);
  return shared as Extract<SharedKafka, { readonly available: true }>;
};

/**
 * A broker of the test's own, to be restarted or reached through proxies. Skips or fails as
 * `requireKafka`.
 */
export const requireOwnKafka = async (
  context: Pick<TestContext, 'skip'>,
  options: KafkaOptions,
): Promise<KafkaBroker> => {
  const launched = await launchKafka(options);
  if (launched.ok) return launched.value;
  if (process.env['REQUIRE_KAFKA'] === '1') throw new Error(launched.error.text);
  return context.skip(`no Apache Kafka: ${launched.error.text}`);
};
