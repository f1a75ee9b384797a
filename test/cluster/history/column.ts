type Numbers = Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/**
 * A growing list of numbers in a typed array: a history has millions of records, and an object for
 * each would not fit in memory.
 */
export class Column {
  readonly #make: (length: number) => Numbers;
  readonly #fill: number;
  #numbers: Numbers;
  #length = 0;

  private constructor(make: (length: number) => Numbers, fill: number) {
    this.#make = make;
    this.#fill = fill;
    this.#numbers = make(16).fill(fill);
  }

  /** `fill` is what places have that were never set. */
  static ofDoubles(fill = 0): Column {
    return new Column((length) => new Float64Array(length), fill);
  }

  static ofIntegers(fill = 0): Column {
    return new Column((length) => new Int32Array(length), fill);
  }

  static ofBytes(fill = 0): Column {
    return new Column((length) => new Uint8Array(length), fill);
  }

  /** One above the highest place that was set. */
  get length(): number {
    return this.#length;
  }

  at(index: number): number {
    return index < this.#length ? (this.#numbers[index] ?? this.#fill) : this.#fill;
  }

  set(index: number, value: number): void {
    if (index >= this.#numbers.length) this.#grow(index + 1);
    this.#numbers[index] = value;
    if (index >= this.#length) this.#length = index + 1;
  }

  push(value: number): void {
    this.set(this.#length, value);
  }

  #grow(lengthMin: number): void {
    const larger = this.#make(Math.max(lengthMin, this.#numbers.length * 2)).fill(this.#fill);
    larger.set(this.#numbers);
    this.#numbers = larger;
  }
}
