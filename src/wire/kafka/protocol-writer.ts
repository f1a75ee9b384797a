import { assert } from '../../base/assert.ts';
import type { Uuid } from '../../base/brand.ts';
import { ByteWriter, utf8Length } from '../../base/bytes.ts';

/** Writes one element of an array. */
export type WriteElement<T> = (writer: ProtocolWriter, element: T, version: number) => void;

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
    const digits = id.replaceAll('-', '');
    assert(digits.length === 32, 'a UUID has 32 digits');
    for (let at = 0; at < 32; at += 2) this.int8(Number.parseInt(digits.slice(at, at + 2), 16));
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
  tagCount(...present: readonly boolean[]): void {
    this.unsignedVarint(present.filter(Boolean).length);
  }

  /** One tagged field: its number, size, and what `write` writes. */
  tag(tag: number, write: (writer: ProtocolWriter) => void): void {
    const field = new ProtocolWriter(64);
    write(field);
    this.unsignedVarint(tag);
    this.unsignedVarint(field.position);
    this.raw(field.view());
  }
}
