import { importsOf, type Import } from './imports.ts';
import { isProduct, type Rule } from './source-tree.ts';

/** A row of DESIGN section 3's table. */
interface Floor {
  readonly folder: string;
  /** Folders whose code it may import; its own always. */
  readonly code: readonly string[];
  /** Folders of which it may import types only. */
  readonly types?: readonly string[];
  readonly packages?: RegExp;
}

/**
 * The first row whose folder holds the file counts, so a folder within a folder stands before it.
 */
const floors: readonly Floor[] = [
  { folder: 'src/base/', code: [] },
  { folder: 'src/ports/', code: [], types: ['src/base/'] },
  { folder: 'src/config/', code: ['src/base/'], packages: /^zod$/ },
  {
    folder: 'src/wire/state/',
    code: ['src/base/', 'src/wire/'],
    types: ['src/ports/'],
    packages: /^protobufjs\/minimal(\.js)?$/,
  },
  { folder: 'src/wire/', code: ['src/base/'], types: ['src/ports/'] },
  {
    folder: 'src/client/',
    code: ['src/base/', 'src/wire/'],
    types: ['src/ports/', 'src/config/'],
  },
  {
    folder: 'src/core/',
    code: ['src/base/', 'src/wire/', 'src/client/'],
    types: ['src/ports/', 'src/config/'],
  },
  { folder: 'src/log/', code: ['src/base/', 'src/wire/kafka/', 'src/ports/'] },
  { folder: 'edge/', code: ['src/'], packages: /./ },
  { folder: 'cloud-sync/', code: ['src/'], packages: /./ },
];

/** Who may import whom. A product file on no floor is a violation too. */
export const floorRule: Rule = (files) =>
  files.filter(isProduct).flatMap((file) => {
    const floor = floors.find(({ folder }) => file.path.startsWith(folder));
    if (floor === undefined) return [{ path: file.path, line: 0, text: 'is on no floor' }];
    return importsOf(file)
      .filter((found) => !mayImport(floor, found))
      .map(({ specifier, line }) => ({
        path: file.path,
        line,
        text: `${floor.folder} may not import '${specifier}'`,
      }));
  });

function mayImport(floor: Floor, { specifier, target, typeOnly }: Import): boolean {
  if (target === undefined) return floor.packages?.test(specifier) ?? false;
  const within = (folder: string): boolean => target.startsWith(folder);
  if (within(floor.folder) || floor.code.some(within)) return true;
  return typeOnly && (floor.types ?? []).some(within);
}
