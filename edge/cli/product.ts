import { existsSync, readFileSync } from 'node:fs';

/** Version of this package, from its package.json: the same from the sources and from `dist/`. */
export function productVersion(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    const file = new URL(up, import.meta.url);
    if (!existsSync(file)) continue;
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
      return String(manifest.version);
    }
  }
  return 'unknown';
}
