const token =
  /\/\/[^\n]*|\/\*[^]*?\*\/|'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*"|[A-Za-z_$][\w$]*|\d[\w.]*|\s+|[^]/y;
const regexLiteral = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/y;
/** From behind a backtick or the brace that ends a hole, up to the next hole or the end. */
const templatePart = /(?:\\[^]|\$(?!\{)|[^`\\$])*(?:`|\$\{)/y;
/** After these a slash begins a regular expression, not a division. */
const beforeRegex =
  /^(?:[([{,;:=!&|?+\-*%~^<>]|return|typeof|case|in|of|do|else|void|yield|await)$/;

/**
 * The text of a TypeScript file with its comments, and with `strings` also the insides of its
 * strings, templates and regular expressions, replaced by spaces. Length and lines stay, so places
 * in the result are places in the file. Code inside `${}` is kept.
 */
export function blankOut(text: string, options: { readonly strings: boolean }): string {
  const literal = options.strings ? blankInside : (part: string): string => part;
  const out: string[] = [];
  /** For each open `${`, the depth of braces inside it. */
  const holes: number[] = [];
  let at = 0;
  let before = ';';
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const part = pattern.exec(text)?.[0];
    if (part !== undefined) at += part.length;
    return part;
  };
  const template = (opening: string): void => {
    const part = take(templatePart) ?? '';
    out.push(literal(opening + part));
    if (part.endsWith('${')) holes.push(0);
    before = part.endsWith('${') ? '{' : '`';
  };
  const slash = (): void => {
    at--;
    const regex = beforeRegex.test(before) ? take(regexLiteral) : undefined;
    if (regex === undefined) at++;
    out.push(regex === undefined ? '/' : literal(regex));
    before = regex === undefined ? '/' : '`';
  };
  while (at < text.length) {
    const part = take(token) ?? '';
    if (part.startsWith('//') || part.startsWith('/*')) out.push(blank(part));
    else if (part === '`') template(part);
    else if (part === '}' && holes.at(-1) === 0) {
      holes.pop();
      template(part);
    } else if (part === '/') slash();
    else {
      if (holes.length > 0 && (part === '{' || part === '}')) {
        holes.push((holes.pop() ?? 0) + (part === '{' ? 1 : -1));
      }
      out.push(/^['"]/.test(part) ? literal(part) : part);
      if (part.trim() !== '') before = part;
    }
  }
  return out.join('');
}

const blank = (part: string): string => part.replace(/[^\n]/g, ' ');

/** Keeps the delimiters: a string stays a string, and `${` stays visible. */
function blankInside(part: string): string {
  const closing = part.endsWith('${') ? 2 : 1;
  if (part.length <= 1 + closing) return part;
  return part.slice(0, 1) + blank(part.slice(1, -closing)) + part.slice(-closing);
}
