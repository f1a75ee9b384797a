/** Producer ids from `next` to below `end`, for this node alone (P4). */
export interface ProducerIdBlock {
  readonly next: number;
  readonly end: number;
}
