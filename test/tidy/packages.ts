import { importsOf, packageName } from './imports.ts';
import { isProduct, matchesIn, type Rule, type SourceFile, type Violation } from './source-tree.ts';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface LockedPackage {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function parsed<T>(files: readonly SourceFile[], path: string): T | undefined {
  const text = files.find((file) => file.path === path)?.text;
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

/** Exact versions, and only what product code imports. */
export const manifestRule: Rule = (files) => {
  const path = 'package.json';
  const manifest = parsed<Manifest>(files, path) ?? {};
  const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
    .map(([name, version]) => ({ path, line: 0, text: `${name}: ${version} is not exact` }));
  const imported = importedPackages(files);
  const unused = Object.keys(manifest.dependencies ?? {})
    .filter((name) => !imported.has(name))
    .map((name) => ({ path, line: 0, text: `no product code imports ${name}` }));
  return [...loose, ...unused];
};

/**
 * Product code imports Node and `dependencies`; a development dependency is not there once it is
 * installed.
 */
export const dependencyRule: Rule = (files) => {
  const declared = parsed<Manifest>(files, 'package.json')?.dependencies ?? {};
  return [...importedPackages(files)]
    .filter(([name]) => !name.startsWith('node:') && !(name in declared))
    .map(([name, place]) => ({ ...place, text: `${name} is not in dependencies` }));
};

function importedPackages(
  files: readonly SourceFile[],
): Map<string, { path: string; line: number }> {
  const found = new Map<string, { path: string; line: number }>();
  const product = (file: SourceFile): boolean =>
    isProduct(file) || /^(?:src|edge|cloud-sync)\/.*\/generated\/[^/]+\.js$/.test(file.path);
  for (const file of files.filter(product)) {
    for (const { specifier, target, line } of importsOf(file)) {
      if (target === undefined) found.set(packageName(specifier), { path: file.path, line });
    }
  }
  return found;
}

/**
 * The lock file names no addresses, and every optional dependency of a locked package is locked
 * too: where one is missing, a platform's binary could not be had when the lock was made, and `npm
 * ci` breaks on that platform.
 */
export const lockRule: Rule = (files) => {
  const path = 'package-lock.json';
  const packages = parsed<{ packages: Record<string, LockedPackage> }>(files, path)?.packages ?? {};
  return Object.entries(packages).flatMap(([place, locked]): Violation[] => {
    const missing = Object.keys(locked.optionalDependencies ?? {}).filter(
      (name) => !isLocked(packages, place, name),
    );
    return [
      ...missing.map((name) => ({
        path,
        line: 0,
        text: `${place}: optional ${name} is not locked`,
      })),
      ...(locked.resolved === undefined || locked.link === true
        ? []
        : [{ path, line: 0, text: `${place} has an address` }]),
    ];
  });
};

/** As Node looks for it: in the package's own node_modules, then in those of the folders above. */
function isLocked(packages: Record<string, LockedPackage>, place: string, name: string): boolean {
  for (
    let base = place;
    ;
    base = base.slice(0, Math.max(0, base.lastIndexOf('node_modules/') - 1))
  ) {
    if (`${base === '' ? '' : `${base}/`}node_modules/${name}` in packages) return true;
    if (base === '') return false;
  }
}

/** Somebody's home or working folder: true on one machine only. */
const machinePath = /(?<![\w.*/)])\/(?:work|root|home\/[a-z]+|Users\/\w+)\/[\w.]/g;

export const machinePathRule: Rule = (files) =>
  files.flatMap((file) =>
    [...matchesIn(file.text, machinePath)].map(([match, line]) => ({
      path: file.path,
      line,
      text: `a path of one machine: ${match[0]}`,
    })),
  );
