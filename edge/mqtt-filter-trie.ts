/** A persistent session's subscription, as aedes asks for it by topic. */
export interface MqttSubscription {
  readonly clientId: string;
  /** The topic filter. */
  readonly topic: string;
  readonly qos: number;
}

interface TrieNode {
  readonly children: Map<string, TrieNode>;
  readonly subscriptions: Map<string, MqttSubscription>;
}

const newNode = (): TrieNode => ({ children: new Map(), subscriptions: new Map() });

/** Topic filters by level, to find the subscriptions of a topic without walking all of them. */
export class MqttFilterTrie {
  readonly #root = newNode();

  add(subscription: MqttSubscription): void {
    let node = this.#root;
    for (const level of subscription.topic.split('/')) {
      let child = node.children.get(level);
      if (child === undefined) {
        child = newNode();
        node.children.set(level, child);
      }
      node = child;
    }
    node.subscriptions.set(subscription.clientId, subscription);
  }

  remove(clientId: string, filter: string): void {
    removeFrom(this.#root, filter.split('/'), 0, clientId);
  }

  /** Subscriptions whose filter matches; one for each filter, so a client may be there twice. */
  match(topic: string): MqttSubscription[] {
    const found: MqttSubscription[] = [];
    if (this.#root.children.size > 0) collect(this.#root, topic.split('/'), 0, found);
    return found;
  }
}

/** Tells which topics any of the topic filters matches ([MQTT-4.7.1-2], [MQTT-4.7.2-1]). */
export function filterMatcher(filters: readonly string[]): (topic: string) => boolean {
  const trie = new MqttFilterTrie();
  for (const topic of filters) trie.add({ clientId: '', topic, qos: 0 });
  return (topic) => trie.match(topic).length > 0;
}

function collect(
  node: TrieNode,
  levels: readonly string[],
  depth: number,
  found: MqttSubscription[],
): void {
  // Wildcards at the first level leave topics alone that begin with $ [MQTT-4.7.2-1].
  const wild = depth > 0 || levels[0]?.startsWith('$') !== true;
  const rest = wild ? node.children.get('#') : undefined;
  if (rest !== undefined) found.push(...rest.subscriptions.values());
  const level = levels[depth];
  if (level === undefined) {
    found.push(...node.subscriptions.values());
    return;
  }
  const exact = node.children.get(level);
  if (exact !== undefined) collect(exact, levels, depth + 1, found);
  const one = wild ? node.children.get('+') : undefined;
  if (one !== undefined) collect(one, levels, depth + 1, found);
}

function removeFrom(
  node: TrieNode,
  levels: readonly string[],
  depth: number,
  clientId: string,
): void {
  const level = levels[depth];
  if (level === undefined) {
    node.subscriptions.delete(clientId);
    return;
  }
  const child = node.children.get(level);
  if (child === undefined) return;
  removeFrom(child, levels, depth + 1, clientId);
  if (child.children.size === 0 && child.subscriptions.size === 0) node.children.delete(level);
}
