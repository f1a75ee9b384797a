import type { Uuid } from '../../base/brand.ts';
import { uuid } from '../../base/brand.ts';
import { ByteReader, utf8Length } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { uuidOfWords } from './uuid-of-words.ts';

/** Kafka's "no topic id". */
export const zeroUuid: Uuid = uuid('00000000-0000-0000-0000-000000000000');

/** Reads one element of an array. */
export type ReadElement<T> = (reader: ProtocolReader, version: number) => T;

/** No string is longer in UTF-8, in either form. */
const stringBytesMax = 0x7fff;
/** What an object of an array takes in memory, and an integer. */
const objectBytes = 96;
const integerBytes = 12;

/**
 * Reads the types of Kafka's protocol, in the classic and the flexible (compact) form. As total as
 * ByteReader; what all array elements of one body take in memory is bounded by its own bytes, so
 * that a small frame cannot ask for much.
 */
export class ProtocolReader extends ByteReader {
  /** Where the value ends of the tagged field that was begun last. */
  tagEnd = 0;

  #decodedBytesLeft = Math.min(
    limits.kafkaDecodedBytesMax,
    limits.kafkaDecodedBytesFree + this.remaining * limits.kafkaDecodedBytesPerByte,
  );

  string(flexible: boolean): string {
    const text = this.nullableString(flexible);
    if (text === null) this.fail();
    return text ?? '';
  }

  nullableString(flexible: boolean): string | null {
    const length = flexible ? this.unsignedVarint() - 1 : this.int16();
    if (this.#isNull(length)) return null;
    if (length > stringBytesMax) this.fail();
    const text = this.utf8(length);
    // Malformed bytes grow by being replaced: what cannot be written back is not taken.
    if (length * 3 > stringBytesMax && utf8Length(text) > stringBytesMax) this.fail();
    return text;
  }

  /** A view into the frame. */
  sizedBytes(flexible: boolean): Uint8Array {
    const bytes = this.nullableBytes(flexible);
    if (bytes === null) this.fail();
    return bytes ?? new Uint8Array(0);
  }

  nullableBytes(flexible: boolean): Uint8Array | null {
    const length = flexible ? this.unsignedVarint() - 1 : this.int32();
    return this.#isNull(length) ? null : this.view(length);
  }

  uuid(): Uuid {
    const [a, b, c, d] = [this.int32(), this.int32(), this.int32(), this.int32()];
    return this.failed ? zeroUuid : uuidOfWords(a, b, c, d);
  }

  /**
   * `elementBytesMin`: no element is shorter, so more of them than fit are refused before memory is
   * taken.
   */
  array<T>(
    read: ReadElement<T>,
    version: number,
    flexible: boolean,
    elementBytesMin: number,
  ): readonly T[] {
    const list = this.nullableArray(read, version, flexible, elementBytesMin);
    if (list === null) this.fail();
    return list ?? [];
  }

  nullableArray<T>(
    read: ReadElement<T>,
    version: number,
    flexible: boolean,
    elementBytesMin: number,
  ): readonly T[] | null {
    const count = this.#count(flexible, elementBytesMin, objectBytes);
    if (count < 0) return null;
    const list = new Array<T>(count);
    for (let at = 0; at < count && !this.failed; at++) list[at] = read(this, version);
    return list;
  }

  int32Array(flexible: boolean): readonly number[] {
    const count = this.#count(flexible, 4, integerBytes);
    if (count < 0) {
      this.fail();
      return [];
    }
    const list = new Array<number>(count);
    for (let at = 0; at < count && !this.failed; at++) list[at] = this.int32();
    return list;
  }

  /** The number of the next tagged field, whose value lies before `tagEnd`; -1: malformed. */
  beginTag(): number {
    const tag = this.unsignedVarint();
    const size = this.unsignedVarint();
    this.tagEnd = this.position + size;
    if (size > this.remaining) this.fail();
    return this.failed ? -1 : tag;
  }

  /** Right behind `beginTag`: of a field that nobody knows. */
  skipTag(): void {
    this.skip(this.tagEnd - this.position);
  }

  /** `end`: its `tagEnd`, which tagged fields within its value have overwritten. */
  endTag(end: number): void {
    if (this.position !== end) this.fail();
  }

  skipTags(): void {
    for (let left = this.unsignedVarint(); left > 0 && !this.failed; left--) {
      this.beginTag();
      this.skipTag();
    }
  }

  /**
   * Of an array's elements, of which there is that room; -1 is null. An array that grows takes room
   * for 17 with its first element.
   */
  #count(flexible: boolean, elementBytesMin: number, elementBytes: number): number {
    const count = flexible ? this.unsignedVarint() - 1 : this.int32();
    if (this.#isNull(count)) return -1;
    this.#decodedBytesLeft -= count * elementBytes;
    if (count * elementBytesMin > this.remaining || this.#decodedBytesLeft < 0) this.fail();
    return this.failed ? 0 : count;
  }

  /** -1 is null; any other negative length is malformed. */
  #isNull(length: number): boolean {
    if (length >= 0) return false;
    if (length !== -1) this.fail();
    return !this.failed;
  }
}
