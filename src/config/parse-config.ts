import type { Result } from '../base/result.ts';
import { fail, ok } from '../base/result.ts';
import { formatAddress, isWildcardHost, parseAddress } from './address.ts';
import type { JsonSchema } from './json-schema.ts';
import type { ConfigProblem } from './problem.ts';
import { ruleProblems } from './rules.ts';
import type { Config } from './config.ts';
import type { ParsedConfig } from './schema.ts';
import { checkShape } from './shape.ts';

/**
 * Checks a config document (plain data, as a YAML parser gives it; undefined or null = empty) and
 * fills in defaults. Never throws; all problems of the shape are told together, then all that break
 * a rule between keys.
 */
export function parseConfig(
  document: unknown,
  schemaOf?: () => JsonSchema,
): Result<Config, readonly ConfigProblem[]> {
  const shaped = checkShape(withoutEmptySections(document ?? {}), schemaOf);
  if (!shaped.ok) return shaped;
  const config = fillDerived(shaped.value);
  const problems = ruleProblems(config);
  return problems.length === 0 ? ok(config) : fail(problems);
}

/** The config of a node that was told nothing. */
export function defaultConfig(): Config {
  const parsed = parseConfig({});
  if (parsed.ok) return parsed.value;
  throw new TypeError('the default config breaks its own rules');
}

/** `mqtt:` with all its keys commented out is null in YAML, and means the defaults. */
function withoutEmptySections(document: unknown): unknown {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return document;
  return Object.fromEntries(Object.entries(document).filter(([, section]) => section !== null));
}

function fillDerived(parsed: ParsedConfig): Config {
  const { forward, ...rest } = parsed;
  const self = parsed.cluster?.peers.find(({ id }) => id === parsed.node.id);
  const advertised = parsed.kafka.advertised ?? self?.kafka ?? advertisedOf(parsed.kafka.listen);
  const filled = { ...rest, kafka: { ...parsed.kafka, advertised } };
  if (forward === undefined) return filled;
  const batchBytesMax = forward.batchBytesMax ?? parsed.log.batchBytesMax;
  return { ...filled, forward: { ...forward, batchBytesMax } };
}

/**
 * Clients on this machine can always use loopback; others need `kafka.advertised`, which `check`
 * says.
 */
function advertisedOf(listen: string): string {
  const address = parseAddress(listen);
  if (address === undefined || !isWildcardHost(address.host)) return listen;
  return formatAddress({ host: '127.0.0.1', port: address.port });
}
