import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CaseEnd, Suite } from '../suite.ts';
import { runScript } from './run-script.ts';
import { readScripts } from './script.ts';

/** 5 is not served. */
const versionMax = 4;

/** FINDINGS.md says why. */
const leftOut: readonly RegExp[] = [
  /with U\+00(01|1F|7F|9F)/,
  /Username with 0x00(01|1F|7F|9F)/,
  /10 proto ver [26]/,
  /^v3\.1 {3}CONNECT 1[04] ok $/,
  /FLOW QoS 1 PUBLISH-(PUBREC|PUBCOMP)/,
  /FLOW QoS 2 PUBLISH-(PUBACK|PUBCOMP|PUBREC-PUBREL-PUBACK)/,
  /34 QoS 2 Dup flow\*3/,
];

/** Eclipse Mosquitto's packet scripts, from its `test/broker/data`. */
export const mqttSuite: Suite = {
  version: '7b8aba10',
  prepare(folder) {
    if (existsSync(join(folder, 'CONNECT.json'))) return Promise.resolve();
    const source = 'test/broker/data/*.json of https://github.com/eclipse-mosquitto/mosquitto';
    return Promise.reject(new Error(`copy ${source} to ${folder}`));
  },
  async *run({ folder, mqttPort, only }) {
    for (const script of readScripts(folder)) {
      const { name, version } = script;
      const isWanted = only.length === 0 || only.some((text) => name.includes(text));
      const isLeftOut = only.length === 0 && leftOut.some((pattern) => pattern.test(name));
      if (version > versionMax || !isWanted || isLeftOut) continue;
      const start = performance.now();
      const fault = await runScript(script, mqttPort);
      const seconds = (performance.now() - start) / 1_000;
      const end: CaseEnd = { name, passed: fault === undefined, seconds, output: fault ?? '' };
      yield end;
    }
  },
};
