import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of Shorelog's own package.json, the same from the sources and from `dist/`. Throws if
 * there is none.
 */
export const packageRoot = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (dirname(folder) !== folder) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && readFileSync(manifest, 'utf8').includes('"name": "shorelog"')) {
      return folder;
    }
    folder = dirname(folder);
  }
  throw new Error('the package.json of shorelog was not found above this file');
};
