import type { Prng } from '../../../src/base/prng.ts';
import { ProtocolWriter } from '../../../src/wire/kafka/protocol-writer.ts';
import type { ApiSchema } from '../../../src/wire/kafka/schema/api-schema.ts';
import { parseBody } from '../../../src/wire/kafka/schema/parse-schema.ts';
import type {
  SchemaField,
  SchemaStruct,
  VersionRange,
} from '../../../src/wire/kafka/schema/parse-schema.ts';
import { interestingNumbers } from '../engine/mutate.ts';
import { randomBatch, randomBytes } from './batch.ts';

const names = ['sensors', 'alarms', '__cluster', '', 'x', 'gzip', 'PLAIN'] as const;
/** How often a length, a count or a tag is a lie. */
const lieChance = 0.01;

/** Writes bodies of one side of one API by its schema table, nearly as a peer would. */
export class KafkaBodyGrammar {
  readonly schema: ApiSchema;
  readonly versions: VersionRange;
  readonly #struct: SchemaStruct;

  constructor(schema: ApiSchema, side: 'request' | 'response') {
    this.schema = schema;
    const [min = 0, max = 0] = schema.versions.split('-').map(Number);
    this.versions = { min, max };
    this.#struct = parseBody('Body', schema[side], this.versions);
  }

  write(writer: ProtocolWriter, prng: Prng, version: number): void {
    const flexible = version >= (this.schema.flexibleFrom ?? Infinity);
    new BodyWriter(writer, prng, version, flexible).struct(this.#struct);
  }
}

class BodyWriter {
  readonly #writer: ProtocolWriter;
  readonly #prng: Prng;
  readonly #version: number;
  readonly #flexible: boolean;
  /** Deep bodies get fewer elements, or they would all be long. */
  #depth = 0;

  constructor(writer: ProtocolWriter, prng: Prng, version: number, flexible: boolean) {
    this.#writer = writer;
    this.#prng = prng;
    this.#version = version;
    this.#flexible = flexible;
  }

  struct({ fields }: SchemaStruct): void {
    this.#depth++;
    const present = fields.filter(({ versions }) => this.#isIn(versions));
    for (const field of present) if (field.tag === undefined) this.#field(field);
    if (this.#flexible) this.#tags(present.filter(({ tag }) => tag !== undefined));
    this.#depth--;
  }

  #tags(known: readonly SchemaField[]): void {
    const prng = this.#prng;
    const chosen = known.filter(() => prng.chance(0.5));
    const isUnknown = prng.chance(0.1);
    this.#count(chosen.length + (isUnknown ? 1 : 0));
    for (const field of chosen) {
      const inner = new ProtocolWriter(64);
      new BodyWriter(inner, prng, this.#version, this.#flexible).#field(field);
      this.#writer.unsignedVarint(field.tag ?? 0);
      this.#count(inner.position);
      this.#writer.raw(inner.view());
    }
    if (!isUnknown) return;
    this.#writer.unsignedVarint(prng.below(200));
    this.#count(3);
    this.#writer.raw(randomBytes(prng, 3));
  }

  #field(field: SchemaField): void {
    const prng = this.#prng;
    if (this.#isIn(field.nullable) && prng.chance(0.2)) return this.#null(field);
    if (!field.isArray) return this.#value(field);
    const many = prng.chance(0.005) ? 3_000 : 30;
    const count =
      this.#depth > 3
        ? prng.below(2)
        : prng.pick([0, 1, 1, 1, 1, 2, 2, 3, 3, prng.chance(0.2) ? many : 2]);
    if (this.#flexible) this.#count(count + 1);
    else this.#writer.int32(this.#lie(count));
    const scalar = typeof field.type === 'string';
    for (let left = this.#depth > 2 ? Math.min(count, 3) : count; left > 0; left--) {
      if (scalar || left < 30 || prng.chance(0.2)) this.#value(field);
    }
  }

  #value({ type }: SchemaField): void {
    const prng = this.#prng;
    const writer = this.#writer;
    if (typeof type !== 'string') return this.struct(type);
    switch (type) {
      case 'boolean':
      case 'int8':
        return writer.int8(prng.below(3));
      case 'int16':
      case 'uint16':
        return writer.int16(prng.pick([0, 0, 1, -1, 35, prng.below(100)]));
      case 'int32':
        return writer.int32(prng.chance(0.8) ? prng.below(4) : prng.pick(interestingNumbers));
      case 'int64':
        return writer.int64(prng.chance(0.8) ? prng.below(20) : prng.pick(interestingNumbers));
      case 'producerId':
        return writer.bigInt64(BigInt(prng.below(20)));
      case 'uuid':
        return writer.raw(randomBytes(prng, 16));
      case 'string':
        return this.#sized(this.#text(), 2);
      case 'bytes':
        return this.#sized(randomBatch(prng), 4);
    }
  }

  #text(): Uint8Array {
    const prng = this.#prng;
    if (prng.chance(0.85)) return new TextEncoder().encode(prng.pick(names));
    const length = prng.chance(0.003) ? 20_000 + prng.below(12_768) : prng.below(40);
    const fill = prng.pick([0x61, 0xff, 0xc3, 0xf0]);
    return prng.chance(0.5) ? new Uint8Array(length).fill(fill) : randomBytes(prng, length & 0x3f);
  }

  #sized(bytes: Uint8Array, lengthBytes: 2 | 4): void {
    if (this.#flexible) this.#count(bytes.length + 1);
    else if (lengthBytes === 2) this.#writer.int16(this.#lie(bytes.length));
    else this.#writer.int32(this.#lie(bytes.length));
    this.#writer.raw(bytes);
  }

  #null({ isArray, type }: SchemaField): void {
    if (this.#flexible && (isArray || type === 'string' || type === 'bytes')) {
      this.#writer.unsignedVarint(0);
    } else if (!isArray && type === 'string') this.#writer.int16(-1);
    else this.#writer.int32(-1);
  }

  #count(value: number): void {
    this.#writer.unsignedVarint(this.#lie(value) >>> 0);
  }

  #lie(value: number): number {
    const prng = this.#prng;
    if (!prng.chance(lieChance)) return value;
    return prng.chance(0.5) ? value + prng.pick([1, -1, 2]) : prng.pick(interestingNumbers);
  }

  #isIn(range: VersionRange | undefined): boolean {
    return range !== undefined && this.#version >= range.min && this.#version <= range.max;
  }
}
