import { monotonicMs, type ConnectionId, type MonotonicMs } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import { TurnoverMap } from '../../base/turnover-map.ts';
import type { SessionOwnerValue } from '../../wire/state/state-codec.ts';
import type { ViewChange } from '../../ports/state-view.ts';
import type { Publish } from '../event.ts';
import type { HeldSession, SessionWork } from './held-session.ts';
import type { Qos2Handshakes } from './qos2-handshakes.ts';
import type {
  OpenedSession,
  Qos2Options,
  ReleasedIdentifier,
  SessionKeeper,
  SharingOptions,
} from './qos2-options.ts';
import { Qos2Session } from './qos2-session.ts';
import { isSameOwner, OwnerCounter, type SessionOwner } from './session-owner.ts';
import { identifierRemoval, sessionRemoval, takeoverRecord } from './session-records.ts';
import type { SessionTable } from './session-table.ts';

/** Who acts for a session once what is under way is committed. */
interface Standing {
  readonly owner: SessionOwner;
}

/**
 * Sessions of a node in a cluster, where a client may come to any node at any time. Before this
 * node acts for a client it commits a record that says so and waits until that is applied here:
 * then it knows all that any node has committed for the client, and what an earlier one still sends
 * counts no more (`reduce-session-change`). Whoever sees such a record of another connection stops
 * acting for the client and closes its own connection of it ([MQTT-3.1.4-2]).
 *
 * A persistent session is taken before CONNACK, which says whether identifiers are open. A clean
 * one takes nothing along, so it is taken only where one is stored that has to go, or when its
 * client first uses QoS 2: nothing of QoS 0 and 1 is kept here.
 */
export class SharedSessions implements SessionKeeper {
  readonly #options: Qos2Options & { readonly sharing: SharingOptions };
  readonly #handshakes: Qos2Handshakes;
  readonly #table: SessionTable;
  readonly #owners: OwnerCounter;
  readonly #byClient = new Map<string, HeldSession>();
  readonly #byConnection = new Map<ConnectionId, HeldSession>();
  /** CONNECTs that wait. */
  readonly #unanswered = new Set<HeldSession>();
  /** Of clients of whom a change of owner is on its way from here, the last one. */
  readonly #underWay = new Map<string, Standing>();
  /** Of clients whose takeover is on its way from here, who is to have it. */
  readonly #takeovers = new Map<string, HeldSession>();
  /** Who came when that one's connection was gone: a record for each would pile up. */
  readonly #comeNext = new Map<string, HeldSession>();
  /** By client, the last owner that acted here: what the front end remembers is of that one. */
  readonly #acted = new TurnoverMap<string, SessionOwnerValue>();
  #isStarted = false;

  constructor(
    options: Qos2Options & { readonly sharing: SharingOptions },
    handshakes: Qos2Handshakes,
    table: SessionTable,
  ) {
    this.#options = options;
    this.#handshakes = handshakes;
    this.#table = table;
    this.#owners = new OwnerCounter(options.sharing.nodeId, options.sharing.startCounter);
  }

  opened({ requestId, connection, clientId, clean }: OpenedSession): void {
    if (!this.#isStarted) this.#start();
    const previous = this.#byClient.get(clientId);
    if (previous !== undefined) this.closed(previous.connection);
    const held: HeldSession = {
      ...{ clientId, connection, isClean: clean, state: 'untaken', owner: undefined },
      ...{ isOwner: false, isDead: false, session: undefined, waiting: [] },
      ...{ requestId, answerBefore: undefined },
    };
    this.#byClient.set(clientId, held);
    this.#byConnection.set(connection, held);
    if (clean && this.#standing(clientId) === undefined) return this.#answer(held, [], false);
    const { now, openMsMax } = this.#options.sharing;
    held.answerBefore = monotonicMs(now() + openMsMax);
    this.#unanswered.add(held);
    this.#take(held);
  }

  /** A clean session ends with its connection; of another one all is in the log that counts. */
  closed(connection: ConnectionId): void {
    const held = this.#byConnection.get(connection);
    this.#byConnection.delete(connection);
    if (held === undefined || held.isDead) return;
    this.#end(held, 'the connection is closed');
    if (held.isClean && held.isOwner) this.#remove(held);
  }

  received(publish: Publish): void {
    const { connection, publishId } = publish;
    this.#withSession(connection, {
      run: (session) => this.#handshakes.received(session, publish),
      drop: () => this.#options.reject(publishId, true, 'the session is not held here'),
    });
  }

  released({ connection, packetId, publishId }: ReleasedIdentifier): void {
    this.#withSession(connection, {
      run: (session) => this.#handshakes.released(session, packetId, publishId),
      drop: () => this.#options.reject(publishId, true, 'the session is not held here'),
    });
  }

  applied(clientId: string): void {
    const owner = this.#table.get(clientId)?.owner;
    if (!this.#owners.isOurs(owner)) this.#acted.delete(clientId);
    const held = this.#byClient.get(clientId);
    if (held === undefined) return;
    if (held.owner !== undefined && isSameOwner(owner, held.owner)) {
      held.isOwner = true;
      return;
    }
    // A takeover of our own lies behind this record, and comes into force all the same.
    const isElsewhere = held.isOwner || (held.state === 'untaken' && this.#isOfOthers(owner));
    if (isElsewhere) this.#endAndClose(held, 'the client is connected to another node');
  }

  nextDeadline(): number | undefined {
    // All wait equally long: the first is the oldest.
    const [oldest] = this.#unanswered;
    return oldest?.answerBefore;
  }

  tick(now: MonotonicMs): void {
    for (const held of this.#unanswered) {
      if (held.answerBefore !== undefined && held.answerBefore > now) return;
      this.#endAndClose(held, 'nobody leads the sessions of the cluster');
    }
  }

  /** The first connection of this process: its clean sessions ended with the process before. */
  #start(): void {
    this.#isStarted = true;
    for (const { clientId, isClean, owner, open } of this.#table.all()) {
      if (!isClean || !this.#owners.isOfEarlierStart(owner)) continue;
      this.#commitEnd(clientId, owner, [...open.keys()]);
    }
  }

  /** As it is now: what the table holds changes. */
  #standing(clientId: string): Standing | undefined {
    const standing = this.#underWay.get(clientId) ?? this.#table.get(clientId);
    return standing && { owner: standing.owner };
  }

  #isOfOthers(owner: SessionOwner): boolean {
    return owner !== undefined && owner.nodeId !== this.#options.sharing.nodeId;
  }

  #withSession(connection: ConnectionId, work: SessionWork): void {
    const held = this.#byConnection.get(connection);
    if (held === undefined || held.isDead) return work.drop();
    if (held.state === 'taken' && held.session !== undefined) return work.run(held.session);
    held.waiting.push(work);
    if (held.state === 'untaken') this.#take(held);
  }

  /** A record of its own: once it is applied here, so is all that lies in front of it. */
  #take(held: HeldSession): void {
    const { clientId, isClean } = held;
    if (this.#takeovers.has(clientId)) {
      held.state = 'taking';
      return void this.#comeNext.set(clientId, held);
    }
    const before = this.#standing(clientId);
    if (before === undefined && !this.#hasRoom()) {
      return this.#endAndClose(held, 'too many sessions');
    }
    const owner = this.#owners.next();
    held.state = 'taking';
    held.owner = owner;
    this.#takeovers.set(clientId, held);
    const record = takeoverRecord(clientId, owner, before?.owner, isClean);
    this.#commitStanding(clientId, { owner }, [record], () => {
      this.#takeovers.delete(clientId);
      if (held.isDead) return this.#abandon(held);
      if (held.isOwner) return this.#taken(held, this.#hasActed(clientId, before?.owner));
      // Somebody was faster: it is known now from whom to take it.
      return this.#take(held);
    });
  }

  /** Not if it took the session and its connection was gone by then: others may have acted. */
  #hasActed(clientId: string, owner: SessionOwner): boolean {
    return owner !== undefined && isSameOwner(this.#acted.get(clientId), owner);
  }

  /** @param isResumed nobody has acted for it since this process did. */
  #taken(held: HeldSession, isResumed: boolean): void {
    const stored = this.#table.get(held.clientId);
    if (stored === undefined) return this.#endAndClose(held, 'the session is gone');
    const session = Qos2Session.of(stored, held.isClean, held.owner);
    held.session = session;
    // [MQTT-3.1.2-6]: a session that is clean at one end takes nothing along.
    if (!stored.hasEnded || session.open.size === 0) return this.#ready(held, session, isResumed);
    const removals = [...session.open.keys()].map((id) => identifierRemoval(session, id));
    session.open.clear();
    return this.#options.log.commit(removals, () => {
      if (!held.isDead) this.#ready(held, session, false);
    });
  }

  #ready(held: HeldSession, session: Qos2Session, isResumed: boolean): void {
    held.state = 'taken';
    if (held.owner !== undefined) this.#acted.set(held.clientId, held.owner);
    this.#answer(held, [...session.open.keys()], isResumed);
    for (const { run } of held.waiting.splice(0)) run(session);
  }

  #answer(held: HeldSession, open: readonly number[], isResumed: boolean): void {
    const { requestId } = held;
    held.requestId = undefined;
    this.#unanswered.delete(held);
    if (requestId === undefined) return;
    this.#options.sessionAnswered(requestId, open, isResumed && !held.isClean);
  }

  #endAndClose(held: HeldSession, reason: string): void {
    const { connection, clientId } = held;
    this.#end(held, reason);
    this.#options.sharing.closeConnection(connection, clientId, reason);
  }

  #end(held: HeldSession, reason: string): void {
    held.isDead = true;
    this.#unanswered.delete(held);
    if (this.#byClient.get(held.clientId) === held) this.#byClient.delete(held.clientId);
    if (held.session !== undefined) this.#handshakes.end(held.session, reason);
    for (const { drop } of held.waiting.splice(0)) drop();
  }

  /** Its connection went before the session was taken. */
  #abandon(held: HeldSession): void {
    const { clientId } = held;
    const isOwner = isSameOwner(this.#table.get(clientId)?.owner, held.owner);
    if (held.isClean && isOwner) this.#remove(held);
    const next = this.#comeNext.get(clientId);
    this.#comeNext.delete(clientId);
    if (next !== undefined && !next.isDead) this.#take(next);
  }

  /** For one more client, among those that are stored and those on their way. */
  #hasRoom(): boolean {
    const max = limits.mqttSessionsMax;
    return this.#underWay.size < max && (this.#table.size < max || this.#evict());
  }

  #remove({ clientId, owner, session }: HeldSession): void {
    const stored = this.#table.get(clientId)?.open.keys() ?? [];
    const open = new Set([...stored, ...(session?.open.keys() ?? [])]);
    this.#commitEnd(clientId, owner, [...open]);
  }

  #commitEnd(clientId: string, owner: SessionOwner, open: readonly number[]): void {
    const changes = open.map((packetId) => identifierRemoval({ clientId, owner }, packetId));
    changes.push(sessionRemoval(clientId, owner));
    this.#commitStanding(clientId, { owner: undefined }, changes, () => undefined);
  }

  #commitStanding(
    clientId: string,
    standing: Standing,
    changes: readonly ViewChange[],
    done: () => void,
  ): void {
    this.#underWay.set(clientId, standing);
    this.#options.log.commit(changes, () => {
      if (this.#underWay.get(clientId) === standing) this.#underWay.delete(clientId);
      done();
    });
  }

  /** One with nothing open can begin again; whoever acts for it sees that, and lets go. */
  #evict(): boolean {
    for (const { clientId, owner, open } of this.#table.all()) {
      const isHeld = this.#byClient.has(clientId) || this.#underWay.has(clientId);
      if (open.size > 0 || isHeld) continue;
      this.#commitEnd(clientId, owner, []);
      return true;
    }
    return false;
  }
}
