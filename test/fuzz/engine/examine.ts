import type { FuzzTarget } from './fuzz-target.ts';
import { bytesMaxOf, hangMsMax, measure, measureAlone } from './meter.ts';

/** What was found wrong with an input. */
export interface Finding {
  readonly kind: 'crash' | 'hang' | 'allocation' | 'oracle';
  readonly text: string;
}

export interface Examined {
  readonly finding?: Finding;
  readonly signature: string;
}

const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** Executes an input, weighs it, and asks the target's oracle. */
export async function examine(target: FuzzTarget, input: Uint8Array): Promise<Examined> {
  let measured;
  try {
    measured = await measure(target, input);
  } catch (error) {
    return { finding: { kind: 'crash', text: textOf(error) }, signature: 'crash' };
  }
  const { outcome, ms, bytes } = measured;
  const msMax = target.msMax ?? hangMsMax;
  const isSuspicious = ms > msMax || (bytes ?? Infinity) > bytesMaxOf(input.length);
  if (isSuspicious) {
    const bytesMax = bytesMaxOf(input.length) + (target.allowance?.(input, outcome) ?? 0);
    if (ms <= msMax && (bytes ?? 0) <= bytesMax) return checked(target, input, outcome);
    const finding = await weighAgain(target, input, bytesMax);
    if (finding !== undefined) return { finding, signature: finding.kind };
  }
  return checked(target, input, outcome);
}

async function checked(target: FuzzTarget, input: Uint8Array, outcome: unknown): Promise<Examined> {
  try {
    const signature = target.check(input, outcome);
    return { signature: typeof signature === 'string' ? signature : await signature };
  } catch (error) {
    return { finding: { kind: 'oracle', text: textOf(error) }, signature: 'oracle' };
  }
}

async function weighAgain(
  target: FuzzTarget,
  input: Uint8Array,
  bytesMax: number,
): Promise<Finding | undefined> {
  const msMax = target.msMax ?? hangMsMax;
  const { ms, bytes } = await measureAlone(target, input, { msMax, bytesMax });
  if (ms > msMax) return { kind: 'hang', text: `${ms.toFixed(1)} ms, ${input.length} bytes` };
  if (bytes === undefined || bytes > bytesMax) {
    const text = `${bytes ?? 'very many'} bytes for ${input.length}, at most ${bytesMax}`;
    return { kind: 'allocation', text };
  }
  return undefined;
}
