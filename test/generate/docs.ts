import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import prettier from 'prettier';

import { configTable } from '../../src/config/config-table.ts';
import { errorTableMarkdown } from '../../src/config/error-table.ts';
import { configJsonSchema } from '../../src/config/json-schema.ts';

/**
 * What is generated for readers: the marked sections of README.md and the JSON schema for editors.
 * `npx tsx test/generate/docs.ts` writes them; `docs.test.ts` fails while they are stale.
 */
export interface GeneratedDoc {
  readonly path: string;
  readonly content: string;
}

const sections = { config: configTable, errors: errorTableMarkdown } as const;

export async function generatedDocs(): Promise<readonly GeneratedDoc[]> {
  const schema = JSON.stringify(configJsonSchema());
  const docs = [
    {
      path: inRoot('deploy/shorelog.schema.json'),
      content: await prettier.format(schema, { parser: 'json', printWidth: 100 }),
    },
  ];
  const readme = inRoot('README.md');
  if (!existsSync(readme)) return docs;
  return [...docs, { path: readme, content: withSections(readFileSync(readme, 'utf8')) }];
}

/**
 * The text with everything between `<!-- generated: NAME -->` and `<!-- /generated -->` made anew.
 */
export function withSections(text: string): string {
  return text.replaceAll(
    /(<!-- generated: (\w+) -->\n)[\s\S]*?(<!-- \/generated -->)/g,
    (_, open: string, name: string, close: string) => {
      if (!Object.hasOwn(sections, name)) throw new Error(`no generator for section ${name}`);
      return `${open}\n${sections[name as keyof typeof sections]()}\n\n${close}`;
    },
  );
}

const inRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { path, content } of await generatedDocs()) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}
