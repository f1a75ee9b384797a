import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempFolder } from '../integration/harness/temp-folder.ts';
import type { PlantedBug } from './planted-bug.ts';

/** What the unit and scenario suites read of the tree. */
const parts = ['src', 'edge', 'cloud-sync', 'test', 'deploy', 'README.md', 'package.json'];

/** A patch may leave an import or a parameter without a use. */
const unusedChecks = /"noUnused(?:Locals|Parameters)": true/g;

/** A copy of the tree that takes one patch at a time. */
export class TreeCopy {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static make(root: string): TreeCopy {
    const folder = makeTempFolder('planted');
    for (const part of parts) cpSync(join(root, part), join(folder, part), { recursive: true });
    const config = readFileSync(join(root, 'tsconfig.json'), 'utf8');
    writeFileSync(
      join(folder, 'tsconfig.json'),
      config.replace(unusedChecks, (check) => check.replace('true', 'false')),
    );
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    return new TreeCopy(folder);
  }

  /** Applies the patch; what it returns takes it away again. */
  plant(bug: Pick<PlantedBug, 'file' | 'from' | 'to'>): () => void {
    const path = join(this.folder, bug.file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, patched(text, bug));
    return () => writeFileSync(path, text);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** @throws if the old text is not there exactly once. */
export function patched(
  text: string,
  { file, from, to }: Pick<PlantedBug, 'file' | 'from' | 'to'>,
) {
  const found = text.split(from).length - 1;
  if (found !== 1) throw new Error(`the old text stands ${found} times in ${file}: move the patch`);
  return text.replace(from, () => to);
}
