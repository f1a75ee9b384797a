/** A config is five levels deep; the YAML library takes time and memory in the square of more. */
const nestingMax = 32;
const bytesMax = 1024 * 1024;

/** As many indicators of block collections, tags or anchors one behind the other in a line. */
const indicators = new RegExp(`(?:(?:[-?:]|[!&*]\\S{0,200})[ \\t]+){${nestingMax + 1}}`);

/**
 * Where a text is nested more deeply than any config, undefined if it is not: asked before the
 * library parses it. Brackets in quotes and comments count too.
 */
export function yamlNestedAt(text: string): number | undefined {
  if (text.length > bytesMax) return bytesMax;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text[at];
    if (unit === '[' || unit === '{') depth++;
    else if ((unit === ']' || unit === '}') && depth > 0) depth--;
    if (depth > nestingMax) return at;
  }
  return indicators.exec(text)?.index;
}
