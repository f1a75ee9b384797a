import { assert } from '../../base/assert.ts';
import type { Uuid } from '../../base/brand.ts';
import { ByteWriter, utf8Length } from '../../base/bytes.ts';

/** Writes one element of an array. */
export type WriteElement<T> = (writer: ProtocolWriter, element: T, version: number) => void;

const dash = 0x2d;

/** The value of the hexadecimal digit at `index`. */
function digitAt(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  return unit < 0x40 ? unit & 0xf : (unit & 0xf) + 9;
}

/** Writes the types of Kafka's protocol, in the classic and the flexible (compact) form. */
export class ProtocolWriter extends ByteWriter {
  string(text: string, flexible: boolean): void {
    const length = utf8Length(text);
    if (flexible) this.unsignedVarint(length + 1);
    else {
      assert(length <= 0x7fff, 'a string fits its length field');
      this.int16(length);
    }
    this.utf8(text);
  }

  nullableString(text: string | null, flexible: boolean): void {
    if (text !== null) this.string(text, flexible);
    else if (flexible) this.unsignedVarint(0);
    else this.int16(-1);
  }

  sizedBytes(bytes: Uint8Array, flexible: boolean): void {
    if (flexible) this.unsignedVarint(bytes.length + 1);
    else this.int32(bytes.length);
    this.raw(bytes);
  }

  nullableBytes(bytes: Uint8Array | null, flexible: boolean): void {
    if (bytes !== null) this.sizedBytes(bytes, flexible);
    else if (flexible) this.unsignedVarint(0);
    else this.int32(-1);
  }

  uuid(id: Uuid): void {
    assert(id.length === 36, 'a UUID has 36 characters');
    let at = this.ensure(16);
    const end = at + 16;
    for (let index = 0; index < id.length; index += 2) {
      if (id.charCodeAt(index) === dash) index++;
      this.bytes[at++] = (digitAt(id, index) << 4) | digitAt(id, index + 1);
    }
    assert(at === end, 'a UUID has 32 digits and 4 dashes');
    this.position = end;
  }

  array<T>(list: readonly T[], write: WriteElement<T>, version: number, flexible: boolean): void {
    if (flexible) this.unsignedVarint(list.length + 1);
    else this.int32(list.length);
    for (const element of list) write(this, element, version);
  }

  nullableArray<T>(
    list: readonly T[] | null,
    write: WriteElement<T>,
    version: number,
    flexible: boolean,
  ): void {
    if (list !== null) this.array(list, write, version, flexible);
    else if (flexible) this.unsignedVarint(0);
    else this.int32(-1);
  }

  /** How many tagged fields follow. */
  tagCount(count = 0): void {
    this.unsignedVarint(count);
  }

  /** One tagged field whose value, of that many bytes, is written next. */
  beginTag(tag: number, bytes: number): void {
    this.unsignedVarint(tag);
    this.unsignedVarint(bytes);
  }

  /** One tagged field: its number, size, and what `write` writes. */
  tag(tag: number, write: (writer: ProtocolWriter) => void): void {
    const field = new ProtocolWriter(64);
    write(field);
    this.beginTag(tag, field.position);
    this.raw(field.view());
  }
}
