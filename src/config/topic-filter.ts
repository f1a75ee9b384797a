import { limits } from '../base/limits.ts';

/** What is wrong with an MQTT topic filter ([MQTT-4.7.1-1] to [MQTT-4.7.3-1]), or undefined. */
export function topicFilterProblem(filter: string): string | undefined {
  if (filter.length === 0) return 'is empty';
  if (filter.includes('\u0000')) return 'contains the character U+0000';
  // A UTF-16 unit takes at most three bytes of UTF-8: near enough for a limit that nobody reaches.
  if (filter.length * 3 > limits.mqttTopicBytesMax) return 'is too long';
  const levels = filter.split('/');
  if (levels.length > limits.mqttTopicLevelsMax) {
    return `has more than ${limits.mqttTopicLevelsMax} levels`;
  }
  return levels.map((level, at) => levelProblem(level, at === levels.length - 1)).find(Boolean);
}

function levelProblem(level: string, isLast: boolean): string | undefined {
  if (level.includes('+') && level !== '+') return `has a "+" that does not fill its level`;
  if (!level.includes('#')) return undefined;
  if (level !== '#') return `has a "#" that does not fill its level`;
  return isLast ? undefined : 'has a "#" before its last level';
}
