/** Keys and list indexes from the root of the config to one value. */
export type ConfigPath = readonly (string | number)[];

/** One thing wrong with a config. `path` is empty where the whole document is meant. */
export interface ConfigProblem {
  readonly path: ConfigPath;
  readonly text: string;
  /** What to do about it. */
  readonly hint?: string;
  /** The key at the end of `path` is the fault, not its value. */
  readonly isKey?: boolean;
}

/** `topics[0].name`. */
export function formatPath(path: ConfigPath): string {
  return path
    .map((part, at) => (typeof part === 'number' ? `[${part}]` : at === 0 ? part : `.${part}`))
    .join('');
}

/** A problem with the value at `path`; `text` goes on after its name. */
export const problemAt = (path: ConfigPath, text: string, hint?: string): ConfigProblem => ({
  path,
  text: `${formatPath(path)} ${text}`,
  ...(hint === undefined ? {} : { hint }),
});
