import { limits } from '../../base/limits.ts';
import { fail, ok, type Result } from '../../base/result.ts';

/** What an operator changes of a topic; what is absent stays as it is. */
export interface TopicAlteration {
  /** 0: auto. */
  readonly replicas?: number | undefined;
  /** 0: auto (C3). */
  readonly minInsyncReplicas?: number | undefined;
  /** -1: unlimited. */
  readonly retentionMs?: number | undefined;
  /** -1: unlimited. */
  readonly retentionBytes?: number | undefined;
  /** Retention waits for central, where a forward route names the topic (L10). */
  readonly keepUnforwarded?: boolean | undefined;
}

/** One change, as nodes tell it to each other. */
export interface TopicSetting {
  readonly name: string;
  readonly value: number;
}

type SettingName = keyof TopicAlteration;

const isCopies = (value: number): boolean => value >= 0 && value <= limits.clusterNodesMax;
const isRetention = (value: number): boolean => value === -1 || value >= 1;

const isAllowed: Readonly<Record<SettingName, (value: number) => boolean>> = {
  replicas: isCopies,
  minInsyncReplicas: isCopies,
  retentionMs: isRetention,
  retentionBytes: isRetention,
  keepUnforwarded: (value) => value === 0 || value === 1,
};

const settingNames = Object.keys(isAllowed) as SettingName[];

/** For the leader of `__cluster`. */
export const topicSettings = (alteration: TopicAlteration): TopicSetting[] =>
  settingNames.flatMap((name) => {
    const value = alteration[name];
    return value === undefined ? [] : [{ name, value: Number(value) }];
  });

/** As another node, which may be a newer one, asks for it; fails with why not. */
export function readTopicSettings(
  settings: readonly TopicSetting[],
): Result<TopicAlteration, string> {
  const read: Partial<Record<SettingName, number>> = {};
  for (const { name: asked, value } of settings) {
    const name = settingNames.find((one) => one === asked);
    if (name === undefined) {
      return fail('The node that leads the cluster is older, and does not know what is asked.');
    }
    if (!isAllowed[name](value)) return fail(`${name} cannot be ${value}.`);
    read[name] = value;
  }
  const { keepUnforwarded, ...numbers } = read;
  return ok(
    keepUnforwarded === undefined
      ? numbers
      : { ...numbers, keepUnforwarded: keepUnforwarded === 1 },
  );
}
