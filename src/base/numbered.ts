const pageBits = 9;
const pageSize = 1 << pageBits;

interface Page<T> {
  readonly items: (T | undefined)[];
  count: number;
}

/**
 * Items under ever higher numbers that come and go in about that order. A Map would do, but it
 * makes a new table for each few hundred that went, and each table refers to the next: once one of
 * them has grown old, all that come after it wait for the collection of the whole heap.
 */
export class Numbered<T extends object> {
  readonly #pages = new Map<number, Page<T>>();
  /** Used last, and mostly next. */
  #page: Page<T> | undefined;
  #pageNumber = -1;
  /** It stays when it is empty: the next item goes there. */
  #newest = -1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The number must not be in use. */
  set(number: number, item: T): void {
    const page = this.#find(number) ?? this.#newPage(number);
    page.items[number & (pageSize - 1)] = item;
    page.count++;
    this.#size++;
  }

  get(number: number): T | undefined {
    return this.#find(number)?.items[number & (pageSize - 1)];
  }

  /** Takes it out. */
  take(number: number): T | undefined {
    const page = this.#find(number);
    const at = number & (pageSize - 1);
    const item = page?.items[at];
    if (page === undefined || item === undefined) return undefined;
    page.items[at] = undefined;
    this.#size--;
    page.count--;
    if (page.count === 0 && this.#pageNumber !== this.#newest) this.#drop(this.#pageNumber);
    return item;
  }

  #find(number: number): Page<T> | undefined {
    const pageNumber = Math.floor(number / pageSize);
    if (pageNumber !== this.#pageNumber) {
      const page = this.#pages.get(pageNumber);
      if (page === undefined) return undefined;
      this.#page = page;
      this.#pageNumber = pageNumber;
    }
    return this.#page;
  }

  #newPage(number: number): Page<T> {
    if (this.#pages.get(this.#newest)?.count === 0) this.#drop(this.#newest);
    const page = { items: new Array<T | undefined>(pageSize), count: 0 };
    this.#newest = Math.floor(number / pageSize);
    this.#pages.set(this.#newest, page);
    return page;
  }

  #drop(pageNumber: number): void {
    this.#pages.delete(pageNumber);
    this.#page = undefined;
    this.#pageNumber = -1;
  }
}
