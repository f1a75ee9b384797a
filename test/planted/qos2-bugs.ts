import type { PlantedBug } from './planted-bug.ts';

const suites = ['test/unit/core/mqtt/', 'test/unit/core/node.test.ts'];
const file = 'src/core/mqtt/qos2-sessions.ts';

/** Mistakes with publishes of QoS 2 (P5). */
export const qos2Bugs: readonly PlantedBug[] = [
  {
    name: 'record-before-its-identifier',
    rule: 'P5',
    file,
    from: `this.#options.log.commit(changes, () => {
      if (identifier.state === 'committing') this.#produce(session, identifier, publish);
    });`,
    to: `this.#produce(session, identifier, publish);
    this.#options.log.commit(changes, () => undefined);`,
    why: 'after a crash between the two the reading is stored again',
    suites,
  },
  {
    name: 'release-not-durable',
    rule: 'P5',
    file,
    from: 'identifier.afterRemoval.push(() => this.#options.release(publishId));',
    to: 'this.#options.release(publishId);',
    why: 'after a crash a new reading with that identifier is taken for the old one',
    suites,
  },
  {
    name: 'received-before-stored',
    rule: 'P5',
    file,
    from: "identifier.state = 'producing';",
    to: `identifier.state = 'producing';
    for (const publishId of identifier.waiters.splice(0)) this.#options.release(publishId);`,
    why: 'PUBREC promises a reading that a power cut takes',
    suites,
  },
  {
    name: 'repeated-identifier-is-new',
    rule: 'P5',
    file,
    from: "if (identifier.state === 'stored') return this.#options.release(publishId);",
    to: `if (identifier.state === 'stored') {
      session.open.delete(packetId);
      return this.#begin(publish);
    }`,
    why: 'a reading whose PUBREC was lost is stored twice',
    suites,
  },
  {
    name: 'another-triple-for-the-repetition',
    rule: 'P5',
    file,
    from: "if (identifier.state === 'unsettled') this.#produce(session, identifier, publish);",
    to: "if (identifier.state === 'unsettled') this.#begin(publish);",
    why: 'after a crash the repetition of an identifier is stored twice',
    suites,
  },
  {
    name: 'forgotten-duplicate-is-an-error',
    rule: 'P5',
    file,
    from: "outcome === 'committed' || outcome.error === 'DUPLICATE_SEQUENCE_NUMBER'",
    to: "outcome === 'committed'",
    why: 'an identifier that was stored long ago can never be closed',
    suites,
  },
  {
    name: 'broken-sequences-given-up',
    rule: 'L6',
    file,
    from: 'const isNew =',
    to: "const isNew = session.clientId === '' &&",
    why: 'behind a hole of rot a client can never store its reading',
    suites,
  },
  {
    name: 'clean-session-not-committed',
    rule: 'P5',
    file,
    from: 'if (clean) return this.#wipe(clientId, () => this.#options.sessionAnswered(requestId, []));',
    to: `if (clean) {
      this.#wipe(clientId, () => undefined);
      return this.#options.sessionAnswered(requestId, []);
    }`,
    why: 'after a crash an identifier of the old session swallows a new reading',
    suites,
  },
  {
    name: 'session-producer-expires',
    rule: 'P5',
    file: 'src/core/retention-planner.ts',
    from: '(producerId) => pinned.has(producerId)',
    to: '() => false',
    why: 'the repetition of an open identifier is stored twice after some days',
    suites,
  },
  {
    name: 'open-producer-not-pinned',
    rule: 'P5',
    file,
    from: 'for (const { target } of session.open.values()) pinned.add(target.producerId);',
    to: '',
    why: 'an identifier under an earlier producer id of its session is stored twice after days',
    suites,
  },
];
