/** How a flip came to light, or that it did not matter. */
export type FoundBy = 'read' | 'scrub' | 'start' | 'replaced' | 'unread';

interface Line {
  readonly text?: string;
  readonly file?: string;
  readonly found?: string;
}

/** By file: who first said that it is damaged, of lines that a node printed. */
export function damagedFiles(output: string): ReadonlyMap<string, FoundBy> {
  const found = new Map<string, FoundBy>();
  for (const text of output.split('\n')) {
    const line = parsed(text);
    if (line?.file === undefined || found.has(line.file)) continue;
    if (line.text?.includes('damaged') !== true) continue;
    found.set(line.file, foundBy(line));
  }
  return found;
}

function parsed(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}

const foundBy = ({ found, text }: Line): FoundBy => {
  if (found === 'read' || found === 'scrub' || found === 'start') return found;
  return text?.includes('written anew') === true ? 'scrub' : 'start';
};
