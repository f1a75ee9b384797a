/** What makes a batch recognizable when it comes again (P1, KIP-98). */
export interface ProducerTriple {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}
