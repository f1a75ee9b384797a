import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));
const proto = join(root, 'src/wire/state/state.proto');
const generatedDir = join(root, 'src/wire/state/generated');
const command = join(root, 'node_modules/protobufjs-cli/bin/pbjs');

/** What nobody calls is left out; 64-bit fields are numbers (they stay below 2^53). */
const options = [
  ...['-t', 'static-module', '-w', 'esm', '-r', 'shorelog', '--force-number'],
  ...['--no-create', '--no-verify', '--no-convert', '--no-delimited', '--no-typeurl'],
  '--no-service',
];

export interface GeneratedState {
  readonly js: string;
  readonly dts: string;
}

/**
 * Runs protobufjs-cli over state.proto and returns the text of both files, writing only to a
 * temporary folder.
 */
export async function generateState(): Promise<GeneratedState> {
  const dir = await mkdtemp(join(tmpdir(), 'shorelog-generate-'));
  try {
    // The types come from the comments, the code is kept without them.
    const commented = join(dir, 'state.js');
    const bare = join(dir, 'bare.js');
    await pbjs([...options, '-d', '-o', commented, proto]);
    await pbjs([...options, '--no-comments', '-o', bare, proto]);
    const [js, dts] = await Promise.all([
      readFile(bare, 'utf8'),
      readFile(join(dir, 'state.d.ts'), 'utf8'),
    ]);
    return { js, dts };
  } finally {
    await rm(dir, { recursive: true });
  }
}

async function pbjs(args: readonly string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [command, ...args]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { js, dts } = await generateState();
  await writeFile(join(generatedDir, 'state.js'), js);
  await writeFile(join(generatedDir, 'state.d.ts'), dts);
}
