import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** One step of a script. */
export interface ScriptStep {
  readonly type: 'send' | 'recv' | 'external_publish';
  readonly payload: string;
  readonly topic?: string;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
}

/** One connection's packets, what the broker answers, and whether it ends the connection. */
export interface Script {
  readonly name: string;
  readonly version: number;
  readonly connects: boolean;
  readonly isClosed: boolean;
  readonly steps: readonly ScriptStep[];
}

interface Choices {
  readonly ver?: number;
  readonly connect?: boolean;
  readonly expect_disconnect?: boolean;
}

interface Group extends Choices {
  readonly group: string;
  readonly disable?: boolean;
  readonly tests: readonly (Choices & {
    readonly name: string;
    readonly msgs: readonly ScriptStep[];
  })[];
}

/** All scripts of a folder; of a group's choices a test may say its own. */
export function readScripts(folder: string): readonly Script[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const groups = files
    .toSorted()
    .flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as readonly Group[]);
  return groups
    .filter(({ disable }) => disable !== true)
    .flatMap((group) =>
      group.tests.map((test) => ({
        name: `${group.group} ${test.name}`,
        version: test.ver ?? group.ver ?? 4,
        connects: test.connect ?? group.connect ?? true,
        isClosed: test.expect_disconnect ?? group.expect_disconnect ?? true,
        steps: test.msgs,
      })),
    );
}
