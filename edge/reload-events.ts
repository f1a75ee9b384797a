/** What is told of a log that was opened anew, by the order that did it. */
export const reloadEvents = {
  truncate: 'LogTruncated',
  reset: 'LogReset',
  repair: 'LogRepaired',
} as const;
