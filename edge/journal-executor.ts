import { assert } from '../src/base/assert.ts';
import type { Uuid } from '../src/base/brand.ts';
import type { Event } from '../src/core/event.ts';
import type { StorageEffect } from '../src/core/storage-orders.ts';
import { toleratingNoSpace } from '../src/log/files.ts';
import type { Storage } from '../src/log/storage.ts';

/** Orders that end in the node journal or the identity, not in a log. */
export type JournalEffect = Exclude<
  StorageEffect,
  { type: 'TruncateLog' | 'ResetLog' | 'RepairLog' }
>;

export interface JournalExecutorOptions {
  readonly storage: Pick<Storage, 'journal' | 'adoptCluster'>;
  readonly post: (event: Event) => void;
  /** Runs work again and again while the disk is full; its first try begins at once. */
  readonly start: (work: () => Promise<void>) => void;
}

/**
 * Writes what replication must remember, each order answered when it is durable. Orders about the
 * same thing keep their order: one that must be tried again on a full disk writes what was asked
 * for last, not what it was asked for.
 */
export class JournalExecutor {
  readonly #options: JournalExecutorOptions;
  readonly #newest = new Map<string, () => Promise<void>>();

  constructor(options: JournalExecutorOptions) {
    this.#options = options;
  }

  run(effect: JournalEffect): void {
    const { journal } = this.#options.storage;
    switch (effect.type) {
      case 'ForgetOnceHad':
        return this.#forgetOnceHad(effect);
      case 'StoreVoters': {
        const { topicId, partition, voters } = effect;
        return this.#store(`voters/${topicId}/${partition}`, {
          write: () => journal.persistVoters({ topicId, partition }, voters),
          answer: { type: 'VotersStored', topicId, partition },
        });
      }
      case 'StoreWitness': {
        const { topicId, partition, generation, state } = effect;
        const { endOffset } = state;
        return this.#store(`witness/${topicId}/${partition}`, {
          write: () => journal.persistWitness({ topicId, partition }, state),
          answer: { type: 'WitnessStored', topicId, partition, generation, endOffset },
        });
      }
      case 'NotePeerStart': {
        const { directoryId, startCounter, startId } = effect;
        const start = { directoryId, startCounter, startId };
        return this.#store(`peer/${directoryId}`, {
          write: () => journal.notePeerStart(start),
          answer: { type: 'PeerStartNoted', ...start },
        });
      }
      case 'StoreGivingUp': {
        const { disks } = effect;
        return this.#store('giving-up', {
          write: () => journal.persistGivingUp(disks),
          answer: { type: 'GivingUpStored', disks },
        });
      }
      case 'AdoptCluster': {
        const { clusterId, clusterTopicId, voters } = effect;
        return this.#store('cluster', {
          write: () => this.#adopt({ clusterId, clusterTopicId }, voters),
          answer: { type: 'ClusterAdopted', clusterId, clusterTopicId },
        });
      }
    }
  }

  /**
   * Asked of the journal in the turn that orders it, and never again: a cut that is ordered later
   * may note what the log had then, and must not be overtaken (V4).
   */
  #forgetOnceHad(key: { readonly topicId: Uuid; readonly partition: number }): void {
    const { journal } = this.#options.storage;
    this.#options.start(async () => {
      await toleratingNoSpace(() => journal.forgetOnceHad(key));
    });
  }

  #store(
    key: string,
    order: { readonly write: () => Promise<void>; readonly answer: Event },
  ): void {
    this.#newest.set(key, order.write);
    this.#options.start(async () => {
      await (this.#newest.get(key) ?? order.write)();
      this.#options.post(order.answer);
    });
  }

  async #adopt(...[cluster, voters]: Parameters<Storage['adoptCluster']>): Promise<void> {
    const adopted = await this.#options.storage.adoptCluster(cluster, voters);
    assert(adopted.ok, 'a directory never takes another cluster UUID (V2)');
  }
}
