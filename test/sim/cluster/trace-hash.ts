/** Folds what happens in a run into one number: two runs of one seed must agree on it. */
export class TraceHash {
  #hash = 0x811c9dc5;

  add(text: string, number: number): void {
    let hash = this.#hash;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ Math.trunc(number * 1_000), 0x01000193);
    this.#hash = hash;
  }

  get value(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }
}
