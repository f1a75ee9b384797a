import { checkConfigText } from '../../../edge/config-file.ts';
import type { LoadedConfig, LocatedProblem } from '../../../edge/config-file.ts';
import { configJsonSchema } from '../../../src/config/json-schema.ts';
import type { Prng } from '../../../src/base/prng.ts';
import type { Result } from '../../../src/base/result.ts';
import type { FuzzTarget } from '../engine/fuzz-target.ts';

const lines: readonly string[] = [
  ...['node: { id: 1, dataDir: ./d }', 'node:', '  id: 2', 'mqtt: { listen: 127.0.0.1:1883 }'],
  ...['mqtt:', '  packetBytesMax: 786432', '  engine: aedes', 'kafka: { listen: 127.0.0.1:9092 }'],
  ...['kafka:', '  advertised: 127.0.0.1:9092', '  requestBytesMax: 16777216', 'log:'],
  ...['  segmentBytes: 16777216', '  lingerMs: 0', 'disk: { budgetBytes: auto }', 'topics:'],
  ...['  - { name: sensors, partitions: 4 }', '  - name: a', '    partitions: 1', 'routes:'],
  ...['  - { from: "#", topic: sensors, key: mqttTopic }', 'forward:', '  delivery: exactlyOnce'],
  ...['  central: { bootstrap: ["127.0.0.1:19092"] }', '  routes: [{ from: sensors, to: x }]'],
  ...['cluster: { id: plant-7 }', 'admin: { listen: 127.0.0.1:9640 }', '# a comment', ''],
];

const values: readonly string[] = [
  ...['1', '-1', '0', '1e999', '.nan', '.inf', '0x10', '0o7', '9007199254740993', '~', 'null'],
  ...['true', '""', "'x'", '"\\u0000"', '|\n  text\n', '>-\n  text\n', '*a', '&a 1', '&a [*a]'],
  ...[
    '{ <<: *a }',
    '<<: { id: 3 }',
    '? a\n: b',
    '!!binary aGk=',
    '!!set {a}',
    '!x y',
    '2001-01-01',
  ],
  ...[
    '[',
    ']',
    '{',
    '}',
    '- ',
    ': ',
    ':',
    ',',
    '---\n',
    '...\n',
    '%YAML 1.2\n---\n',
    '\t',
    '\ufeff',
  ],
  ...['__proto__: { id: 1 }', 'constructor: 1', 'toString: 1', '"__proto__"', '[[[[[[[[', '{{{{{{'],
  ...[
    '127.0.0.1:99999',
    '[::1]:80',
    'a:b:c',
    '#',
    '+/+/#',
    'a/#/b',
    '$SYS/#',
    ' ',
    '\r\n',
    '\u2028',
  ],
];

const variables = ['SHORELOG_MQTT__LISTEN', 'SHORELOG_NODE__ID', 'SHORELOG_TOPICS', 'SHORELOG_X'];
const decoder = new TextDecoder();
/** Says nothing about the input, and took half of the time. */
const schema = configJsonSchema();

type Checked = Result<LoadedConfig, readonly LocatedProblem[]>;

/** YAML text, and behind a NUL what an environment variable says; the first byte names it. */
export const configTarget: FuzzTarget<Checked> = {
  name: 'config',
  inputBytesMax: 4 * 1024,
  generate(prng) {
    const text = prng.chance(0.02) ? deep(prng) : yaml(prng);
    const variable = prng.chance(0.2) ? `\0${prng.pick(values)}` : '';
    const body = new TextEncoder().encode(text + variable);
    const input = new Uint8Array(1 + body.length);
    input[0] = prng.below(variables.length);
    input.set(body, 1);
    return input;
  },
  execute(input) {
    const { text, env } = parts(input);
    return checkConfigText(text, { file: 'x.yaml', env, schema });
  },
  check(input, checked) {
    const { text, env } = parts(input);
    if (checked.ok) return `ok ${Object.keys(checked.value.config).join()}`;
    if (checked.error.length === 0) throw new Error('refused without a reason');
    const rows = text.split('\n').length;
    for (const { where, text: said } of checked.error) {
      const place = /^x\.yaml:(\d+):(\d+)$/.exec(where);
      if (place === null && !Object.hasOwn(env, where)) throw new Error(`no place: ${where}`);
      if (Number(place?.[1] ?? 1) > rows) throw new Error(`line ${place?.[1]} of ${rows}`);
      if (said === '') throw new Error('a problem without a text');
    }
    return checked.error
      .slice(0, 3)
      .map((problem) => problem.text.replace(/["'`].*/, '').slice(0, 40))
      .join();
  },
  // A file that an operator wrote and a start reads once; the YAML library looks back in what is
  // nested a thousand deep.
  msMax: 500,
  // The tree of the YAML library with a place for each node, and zod's; an empty line takes 3,000
  // bytes for a while. An operator's own file.
  allowance: (input) => (4 << 20) + input.length * 4_000,
};

function parts(input: Uint8Array): { text: string; env: Record<string, string> } {
  const [text = '', said] = decoder.decode(input.subarray(1)).split('\0');
  const variable = variables[(input[0] ?? 0) % variables.length] ?? 'SHORELOG_X';
  return { text, env: said === undefined ? {} : { [variable]: said } };
}

function yaml(prng: Prng): string {
  const chosen = Array.from({ length: 1 + prng.below(14) }, () => {
    const line = prng.pick(lines);
    if (!prng.chance(0.25)) return line;
    return prng.chance(0.5)
      ? line.replace(/[^:]*$/, ` ${prng.pick(values)}`)
      : line.replace(/\w+/, prng.pick(values));
  });
  return chosen.join(prng.chance(0.98) ? '\n' : prng.pick(values));
}

/** What makes a careless parser recurse or look back. */
function deep(prng: Prng): string {
  const piece = prng.pick([
    '[',
    '{',
    '- ',
    '? ',
    '{a: ',
    '[a, ',
    ': ',
    '- - ',
    '&a ',
    '!x ',
    '"',
    '|',
  ]);
  return piece.repeat(prng.below(4_000));
}
