import type { PlantedBug } from './planted-bug.ts';

const suites = ['test/unit/core/mqtt/', 'test/unit/core/node.test.ts'];
const file = 'src/core/mqtt/qos2-handshakes.ts';

/** Mistakes with publishes of QoS 2 (P5). */
export const qos2Bugs: readonly PlantedBug[] = [
  {
    name: 'record-before-its-identifier',
    rule: 'P5',
    file,
    from: `this.#options.log.commit(changes, () => {
      if (identifier.renewals === 0) this.#beginning--;
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
      return this.#begin(session, publish);
    }`,
    why: 'a reading whose PUBREC was lost is stored twice',
    suites,
  },
  {
    name: 'another-triple-for-the-repetition',
    rule: 'P5',
    file,
    from: "if (identifier.state === 'unsettled') this.#produce(session, identifier, publish);",
    to: "if (identifier.state === 'unsettled') this.#begin(session, publish);",
    why: 'after a crash the repetition of an identifier is stored twice',
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
    file: 'src/core/mqtt/lone-sessions.ts',
    from: 'if (clean) return this.#wipe(clientId, () => answer([]));',
    to: `if (clean) {
      this.#wipe(clientId, () => undefined);
      return answer([]);
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
    file: 'src/core/mqtt/session-table.ts',
    from: 'for (const target of session.open.values()) pinned.add(target.producerId);',
    to: '',
    why: 'an identifier under an earlier producer id of its session is stored twice after days',
    suites,
  },
  {
    name: 'former-owner-still-counts',
    rule: 'P5',
    file: 'src/core/mqtt/reduce-session-change.ts',
    from: 'if (session === undefined || !isSameOwner(owner, session.owner)) return stored(key);',
    to: '',
    why: 'what a node sent before it lost the session opens or closes identifiers of the next one',
    suites,
  },
  {
    name: 'takeover-from-anybody',
    rule: 'P5',
    file: 'src/core/mqtt/reduce-session-change.ts',
    from: 'if (!isSameOwner(actsFor, present?.owner)) return stored(key);',
    to: "if (session.change !== 'takes' && !isSameOwner(actsFor, present?.owner)) return stored(key);",
    why: 'a takeover that was sent long ago takes a client away from the node that it went to',
    suites,
  },
  {
    name: 'ended-session-is-taken-along',
    rule: 'P5',
    file: 'src/core/mqtt/reduce-session-change.ts',
    from: 'told.clean || present?.clean === true || present?.hasEnded === true',
    to: 'told.clean || present?.clean === true',
    why: 'an identifier of a clean session swallows a reading of the next one',
    suites,
  },
  {
    name: 'front-end-remembers-an-earlier-time',
    rule: 'P5',
    file: 'src/core/mqtt/shared-sessions.ts',
    from: 'return owner !== undefined && isSameOwner(this.#acted.get(clientId), owner);',
    to: 'return this.#owners.isOurs(owner);',
    why: 'a node that the client comes back to sends PUBREC for a reading that it never stored',
    suites,
  },
  {
    name: 'acts-on-after-a-takeover',
    rule: 'P5',
    file: 'src/core/mqtt/shared-sessions.ts',
    from: "if (isElsewhere) this.#endAndClose(held, 'the client is connected to another node');",
    to: 'if (isElsewhere) return;',
    why: 'two nodes act for one client',
    suites,
  },
  {
    name: 'open-identifiers-unbounded',
    rule: 'P5',
    file,
    from: '&& ofAll < limits.mqttOpenIdentifiersMax;',
    to: '&& ofAll >= 0;',
    why: 'sessions that never release what they published take all memory',
    suites,
  },
];
