import { expect, test } from 'vitest';
import { javaMajorOf } from '../../../../../edge/cli/demo/java-tools.ts';

test.each([
  ['openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', 17],
  ['openjdk version "21" 2023-09-19', 21],
  ['java version "1.8.0_392"', 8],
  ['Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "11.0.2" 2019-01-15', 11],
  ['command not found', undefined],
])('%s is Java %s', (text, major) => {
  expect(javaMajorOf(text)).toBe(major);
});
