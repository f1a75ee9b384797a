/** Each of them must be broken by some planted bug, or nobody knows that it can be. */
export const invariantNames = [
  'one-leader',
  'watermark-rises',
  'committed-stays',
  'logs-agree',
  'acknowledged-stays',
  'leader-has-all',
  'one-vote',
  'voter-steps',
  'voters-of-log',
  'commit-rule',
  'witness-behind',
  'quorum-heard',
  'committed-is-cut',
  'goes-on',
  'leader-stays',
] as const;
