import type { Uuid } from '../../base/brand.ts';
import type { ErrorCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { ViewChange } from '../../ports/state-view.ts';
import type { Publish } from '../event.ts';
import type { Qos2Options } from './qos2-options.ts';
import { newIdentifier, type Qos2Session } from './qos2-session.ts';
import type { OpenIdentifier } from './qos2-session.ts';
import type { SessionTable } from './session-table.ts';
import type { TripleTarget } from './triple-target.ts';
import { identifierRecord, identifierRemoval, producerRecord } from './session-records.ts';

/** A reading that finds its sequences broken this often in a row is not taken. */
const renewalsMax = 3;

/**
 * The steps of P5 for sessions that this node acts for. An identifier is committed with the triple
 * its record will carry, then the record is produced with exactly that triple, then PUBREC may go;
 * PUBREL: the removal is committed, then PUBCOMP may go.
 */
export class Qos2Handshakes {
  readonly #options: Qos2Options;
  readonly #table: Pick<SessionTable, 'openIdentifiers'>;
  /** New identifiers that are on their way into the table. */
  #beginning = 0;

  /** @param table what is committed of all sessions, those of gone clients too. */
  constructor(options: Qos2Options, table: Pick<SessionTable, 'openIdentifiers'>) {
    this.#options = options;
    this.#table = table;
  }

  /** PUBLISH. Released when its record is committed. */
  received(session: Qos2Session, publish: Publish): void {
    const { packetId, publishId } = publish;
    const identifier = session.open.get(packetId);
    if (identifier === undefined) return this.#begin(session, publish);
    if (identifier.state === 'stored') return this.#options.release(publishId);
    if (identifier.state === 'removing') {
      identifier.afterRemoval.push(() => this.received(session, publish));
      return;
    }
    identifier.waiters.push(publishId);
    if (identifier.state === 'unsettled') this.#produce(session, identifier, publish);
  }

  /**
   * PUBREL. Released when the removal is committed; at once for an identifier that nobody knows.
   */
  released(session: Qos2Session, packetId: number, publishId: number): void {
    const identifier = session.open.get(packetId);
    if (identifier === undefined) return this.#options.release(publishId);
    // (1) may be said again while its place in the log is not known: behind a removal it would
    // open the identifier anew.
    if (identifier.state === 'committing') return this.#early(publishId);
    identifier.afterRemoval.push(() => this.#options.release(publishId));
    if (identifier.state === 'removing') return;
    identifier.state = 'removing';
    for (const waiting of identifier.waiters.splice(0)) this.#early(waiting);
    this.#options.log.commit([identifierRemoval(session, packetId)], () => {
      if (identifier.isDead) return;
      session.open.delete(packetId);
      for (const next of identifier.afterRemoval.splice(0)) next();
    });
  }

  /** This node does not act for the session any more: nothing that settles later counts. */
  end(session: Qos2Session, reason: string): void {
    for (const identifier of session.open.values()) {
      identifier.isDead = true;
      for (const publishId of identifier.waiters.splice(0)) {
        this.#options.reject(publishId, true, reason);
      }
    }
  }

  #early(publishId: number): void {
    this.#options.reject(publishId, true, 'PUBREL came before PUBREC');
  }

  #begin(session: Qos2Session, publish: Publish): void {
    const { publishId, packetId } = publish;
    const { locate, unrouted, reject, allocateProducerId } = this.#options;
    const place = locate(publish);
    // No route: nothing is stored, so there is nothing to store once.
    if (place === 'unrouted') return unrouted(publishId);
    if (place === 'topicMissing') return reject(publishId, true, 'its topic is not there');
    if (!this.#hasRoom(session)) {
      return reject(publishId, true, 'too many open QoS 2 identifiers');
    }
    const target = session.nextTarget(place, allocateProducerId);
    if (target === undefined) return reject(publishId, true, 'no producer id is at hand yet');
    const identifier = newIdentifier(packetId, 'committing', target);
    identifier.waiters.push(publishId);
    session.open.set(packetId, identifier);
    this.#beginning++;
    this.#commit(session, identifier, publish);
  }

  /** Nothing that is open is ever forgotten for a new one: its PUBREC may have gone. */
  #hasRoom({ open }: Qos2Session): boolean {
    if (open.size < limits.mqttOpenIdentifiersFree) return true;
    const ofAll = this.#table.openIdentifiers + this.#beginning;
    return open.size < limits.mqttInboundInflightMax && ofAll < limits.mqttOpenIdentifiersMax;
  }

  /** P5 (1), then (2). */
  #commit(session: Qos2Session, identifier: OpenIdentifier, publish: Publish): void {
    identifier.state = 'committing';
    const changes: ViewChange[] = [
      identifierRecord(session, identifier.packetId, identifier.target),
    ];
    if (session.isRecordDue) {
      session.isRecordDue = false;
      session.isRecorded = true;
      changes.unshift(producerRecord(session));
    }
    this.#options.log.commit(changes, () => {
      if (identifier.renewals === 0) this.#beginning--;
      if (identifier.state === 'committing') this.#produce(session, identifier, publish);
    });
  }

  /** P5 (2), the first time and each time the client repeats it: always with the same triple. */
  #produce(session: Qos2Session, identifier: OpenIdentifier, publish: Publish): void {
    if (identifier.isDead) return;
    identifier.state = 'producing';
    this.#options.producer.produce(identifier.target, publish, (outcome) => {
      if (identifier.state !== 'producing' || identifier.isDead) return;
      if (outcome === 'committed') {
        identifier.state = 'stored';
        for (const publishId of identifier.waiters.splice(0)) this.#options.release(publishId);
      } else this.#failed(session, identifier, publish, outcome.error);
    });
  }

  #failed(
    session: Qos2Session,
    identifier: OpenIdentifier,
    publish: Publish,
    error: ErrorCode,
  ): void {
    const isNew = error === 'OUT_OF_ORDER_SEQUENCE_NUMBER' && identifier.renewals < renewalsMax;
    if (isNew && this.#renew(session, identifier)) {
      return this.#commit(session, identifier, publish);
    }
    identifier.state = 'unsettled';
    for (const publishId of identifier.waiters.splice(0)) {
      this.#options.reject(publishId, true, `the record was not stored: ${error}`);
    }
  }

  /** 45 says that the record is not in the log: it is stored anew, behind a hole too (L6). */
  #renew(session: Qos2Session, identifier: OpenIdentifier): boolean {
    if (session.isCurrent(identifier.target)) session.renewAtNextUse();
    const { allocateProducerId } = this.#options;
    const target = session.nextTarget(placeOf(identifier.target), allocateProducerId, identifier);
    if (target === undefined) return false;
    identifier.target = target;
    identifier.renewals++;
    return true;
  }
}

const placeOf = ({ topicId, partition }: TripleTarget): { topicId: Uuid; partition: number } => ({
  topicId,
  partition,
});
