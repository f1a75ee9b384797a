import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * What `tsc -b` does not emit: committed code and data that is not TypeScript, in folders named
 * `generated`.
 */
export function generatedFiles(): string[] {
  return ['src', 'edge', 'cloud-sync']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
        join(folder, path),
      ),
    )
    .filter((path) => /\/generated\/[^/]+$/.test(path) && !path.endsWith('.ts'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const path of generatedFiles()) cpSync(join(root, path), join(root, 'dist', path));
}
