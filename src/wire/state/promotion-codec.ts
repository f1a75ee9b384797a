import { decoded, exact, type Decoded } from './decoded.ts';
import { shorelog } from './generated/state.js';

/** `__cluster`, key `given-up/<directory id>` (V5). */
export interface GivenUpValue {
  readonly nodeId: number;
  readonly promotionId: string;
  /** Wall clock of the node that was promoted. */
  readonly atMs: number;
}

/** `__cluster`, key `promoted/<topic id>/<partition>/<leader epoch>` (V5). */
export interface PromotedValue {
  readonly promotionId: string;
  readonly nodeId: number;
  readonly directoryId: string;
  /** What others had from here on is not part of the log. */
  readonly cutOffset: number;
  /** Leader epoch of the last batch in front of it. */
  readonly lastEpoch: number;
}

/** The bytes of a GivenUp. */
export const encodeGivenUp = (value: GivenUpValue): Uint8Array =>
  shorelog.GivenUp.encode(value).finish();

/** The GivenUp in these bytes. */
export const decodeGivenUp = (bytes: Uint8Array): Decoded<GivenUpValue> =>
  decoded(() => {
    const { nodeId, promotionId, atMs } = shorelog.GivenUp.decode(bytes);
    return { nodeId, promotionId, atMs: exact(atMs) };
  });

/** The bytes of a Promoted. */
export const encodePromoted = (value: PromotedValue): Uint8Array =>
  shorelog.Promoted.encode(value).finish();

/** The Promoted in these bytes. */
export const decodePromoted = (bytes: Uint8Array): Decoded<PromotedValue> =>
  decoded(() => {
    const read = shorelog.Promoted.decode(bytes);
    const { promotionId, nodeId, directoryId, lastEpoch } = read;
    return { promotionId, nodeId, directoryId, cutOffset: exact(read.cutOffset), lastEpoch };
  });
