/** So many dead entries are carried along before the table is made anew. */
const deadMin = 64;

/**
 * A map whose entries come and go all the time. A Map makes a new table for each few hundred that
 * went, and each table refers to the next: once one of them has grown old, all that come after it,
 * and what they hold, wait for the collection of the whole heap. Here a deleted key stays, without
 * its value, until there are many, and then a new Map begins; a key that comes back, as packet
 * identifiers do, costs no room. Nothing may be deleted while the entries are gone through.
 */
export class TurnoverMap<K, V extends object> {
  #map = new Map<K, V | undefined>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  set(key: K, value: V): void {
    if (this.#map.get(key) === undefined) this.#size++;
    this.#map.set(key, value);
  }

  delete(key: K): void {
    if (this.#map.get(key) === undefined) return;
    this.#map.set(key, undefined);
    this.#size--;
    if (this.#map.size > 2 * this.#size + deadMin) this.#map = new Map(this);
  }

  clear(): void {
    this.#map = new Map();
    this.#size = 0;
  }

  *keys(): Generator<K> {
    for (const [key] of this) yield key;
  }

  *values(): Generator<V> {
    for (const [, value] of this) yield value;
  }

  *[Symbol.iterator](): Generator<[K, V]> {
    for (const [key, value] of this.#map) if (value !== undefined) yield [key, value];
  }
}
