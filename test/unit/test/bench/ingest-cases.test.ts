import { expect, test } from 'vitest';
import { chooseCases, customCase, ingestCases } from '../../../bench/ingest-cases.ts';

test('cases are chosen by name, in the order of the names; all where none is named', () => {
  expect(chooseCases([])).toEqual(ingestCases);
  const names = chooseCases(['qos2', 'standard']).map(({ name }) => name);
  expect(names).toEqual(['qos2', 'standard']);
  expect(() => chooseCases(['standard', 'fast'])).toThrow(/fast is none of standard, deep/);
});

test('a case of the own is the standard one but for what is given', () => {
  const [standard] = ingestCases;
  expect(customCase({})).toEqual({ ...standard, name: 'custom' });
  expect(customCase({ qos: 2, rate: 5 })).toEqual({ ...standard, name: 'custom', qos: 2, rate: 5 });
});
