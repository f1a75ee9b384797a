/** The one of a list for each name; throws for a name that is not there. */
export function named<T extends { readonly name: string }>(
  all: readonly T[],
  names: string | undefined,
): readonly T[] {
  if (names === undefined) return all;
  return names.split(',').map((name) => {
    const found = all.find((each) => each.name === name);
    if (found === undefined) throw new Error(`--only: there is no bug ${name}`);
    return found;
  });
}
