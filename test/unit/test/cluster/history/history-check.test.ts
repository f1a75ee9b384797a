import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../../../src/base/crc32c.ts';
import { ClientHistory } from '../../../../cluster/history/client-history.ts';
import type { WriterHistory, WriterKind } from '../../../../cluster/history/client-history.ts';
import { HistoryCheck } from '../../../../cluster/history/history-check.ts';
import type { HistoryVerdict } from '../../../../cluster/history/history-check.ts';
import { identityOf } from '../../../../cluster/history/identity.ts';
import type { FaultKind } from '../../../../cluster/history/findings.ts';

/** `-`: a control batch; `!...`: the same record with other bytes; a blank: an offset not used. */
type Row = string;

interface World {
  readonly history: ClientHistory;
  readonly check: HistoryCheck;
  readonly writers: Readonly<Record<WriterKind, WriterHistory>>;
}

const open = (): World => {
  const history = new ClientHistory();
  const writers = {
    qos1: history.writer({ kind: 'qos1', marksAttempts: true }),
    qos2: history.writer({ kind: 'qos2', marksAttempts: false }),
    kafka: history.writer({ kind: 'kafka', marksAttempts: false }),
  };
  return { history, check: new HistoryCheck(history), writers };
};

const tell = ({ check }: World, node: number, rows: Row, from = 0, partition = 0): void => {
  check.beginLog(node, partition);
  rows.split('|').forEach((row, index) => {
    const text = row.trim();
    if (text === '') return;
    const identity = identityOf(text.replace('!', ''));
    const digest = crc32c(Buffer.from(text));
    check.entry({ offset: from + index, identity, isControl: text === '-', digest });
  });
  check.endLog();
};

/** Three nodes with the same log. */
const finish = (world: World, rows: Row): HistoryVerdict => {
  for (const node of [1, 2, 3]) tell(world, node, rows);
  return world.check.finish();
};

const kindsOf = ({ faults }: HistoryVerdict): FaultKind[] => Object.keys(faults) as FaultKind[];

/** Sent at `10 * sequence` and acknowledged 5 later, one after the other. */
const publish = (writer: WriterHistory, count: number, from = 0): void => {
  for (let sequence = from; sequence < from + count; sequence++) {
    writer.sent(sequence, 10 * sequence);
    writer.acknowledged(sequence, 10 * sequence + 5, 1);
  }
};

describe('good histories', () => {
  it('holes, control batches, what nobody answered, and another start of the log', () => {
    const world = open();
    publish(world.writers.qos1, 2);
    world.writers.qos1.sent(2, 20);
    publish(world.writers.qos2, 1);
    tell(world, 1, '- | w0.0.0 | w1.0.0 | | w0.1.0 | - | w0.2.0');
    tell(world, 2, 'w1.0.0 | | w0.1.0 | - | w0.2.0', 2);
    const verdict = world.check.finish();
    expect(verdict).toMatchObject({ faults: {}, sent: 4, acked: 3, inLog: 4, copies: 0 });
  });

  it('a copy for each connection that sent it, also mixed with the first ones', () => {
    const world = open();
    const { qos1 } = world.writers;
    publish(qos1, 1);
    for (const sequence of [1, 2]) qos1.sent(sequence, 10);
    for (const sequence of [1, 2, 3]) qos1.sent(sequence, 30);
    for (const sequence of [1, 2, 3]) qos1.acknowledged(sequence, 50, 2);
    const verdict = finish(world, 'w0.0.0 | w0.1.1 | w0.1.0 | w0.2.0 | w0.2.1 | w0.3.1');
    expect(verdict).toMatchObject({ faults: {}, inLog: 6, copies: 2 });
  });

  it('copies that do not tell their connection, as often as they were sent', () => {
    const history = new ClientHistory();
    const writer = history.writer({ kind: 'qos1', marksAttempts: false });
    const world = { ...open(), check: new HistoryCheck(history) };
    writer.sent(0, 0);
    writer.sent(0, 9);
    writer.acknowledged(0, 12, 1);
    expect(finish(world, 'w0.0.0 | w0.0.0').faults).toEqual({});
  });

  it('a retry of an idempotent producer that got the first offset', () => {
    const world = open();
    world.writers.kafka.sent(0, 0);
    world.writers.kafka.sent(0, 9);
    world.writers.kafka.acknowledged(0, 12, 2, { partition: 0, offset: 1 });
    expect(finish(world, '- | w2.0.0').faults).toEqual({});
  });

  it('overlapping publishes in either order', () => {
    const world = open();
    world.writers.qos1.sent(0, 0);
    world.writers.qos2.sent(0, 1);
    world.writers.qos1.acknowledged(0, 9, 1);
    world.writers.qos2.acknowledged(0, 9, 1);
    expect(finish(world, 'w1.0.0 | w0.0.0').faults).toEqual({});
  });

  it('readers of a part, of everything, and of a node that started again', () => {
    const world = open();
    publish(world.writers.qos1, 2);
    const part = world.check.reader('part');
    part.toldHighWatermark('node 1.1', 0, 3);
    part.read(0, 1, identityOf('w0.0.0'));
    part.toldHighWatermark('node 1.2', 0, 1);
    const all = world.check.reader('all', true);
    all.read(0, 1, identityOf('w0.0.0'));
    all.read(0, 2, identityOf('w0.1.0'));
    expect(finish(world, '- | w0.0.0 | w0.1.0')).toMatchObject({ faults: {}, read: 3 });
  });

  it('central with the same records, copies too', () => {
    const world = open();
    const { qos1 } = world.writers;
    for (const at of [0, 10]) for (const sequence of [0, 1]) qos1.sent(sequence, at);
    tell(world, 1, '- | w0.0.0 | w0.0.1 | - | w0.1.1');
    const central = world.check.central(0);
    for (const text of ['w0.0.0', 'w0.0.1', 'w0.1.1']) central.take(identityOf(text));
    central.end();
    expect(world.check.finish().faults).toEqual({});
  });
});

describe('bad histories', () => {
  const cases: readonly (readonly [FaultKind, string, (world: World) => HistoryVerdict])[] = [
    [
      'lost',
      'a PUBACK for what is nowhere',
      (world) => {
        publish(world.writers.qos1, 3);
        return finish(world, 'w0.0.0 | w0.2.0');
      },
    ],
    [
      'lost',
      'the last one, after which the log ends',
      (world) => {
        publish(world.writers.qos2, 2);
        return finish(world, '- | w1.0.0');
      },
    ],
    [
      'doubled',
      'QoS 1 that was sent once',
      (world) => {
        publish(world.writers.qos1, 1);
        return finish(world, 'w0.0.0 | w0.0.0');
      },
    ],
    [
      'doubled',
      'QoS 1 that was sent twice, but both copies are of the first connection',
      (world) => {
        publish(world.writers.qos1, 1);
        world.writers.qos1.sent(0, 3);
        return finish(world, 'w0.0.0 | w0.0.0');
      },
    ],
    [
      'doubled',
      'QoS 2 that was sent twice',
      (world) => {
        publish(world.writers.qos2, 1);
        world.writers.qos2.sent(0, 3);
        return finish(world, 'w1.0.0 | - | w1.0.0');
      },
    ],
    [
      'doubled',
      'an idempotent producer, by the retry of a batch',
      (world) => {
        for (const sequence of [0, 1]) world.writers.kafka.sent(sequence, 0);
        for (const sequence of [0, 1]) world.writers.kafka.sent(sequence, 5);
        return finish(world, 'w2.0.0 | w2.1.0 | w2.0.0 | w2.1.0');
      },
    ],
    [
      'reordered',
      'two of one connection',
      (world) => {
        for (const sequence of [0, 1]) world.writers.qos1.sent(sequence, 0);
        return finish(world, 'w0.1.0 | w0.0.0');
      },
    ],
    [
      'reordered',
      'the first copy of the older one comes from the next connection, behind the younger one',
      (world) => {
        for (const at of [0, 5])
          for (const sequence of [0, 1]) world.writers.qos1.sent(sequence, at);
        return finish(world, 'w0.1.0 | w0.0.1 | w0.1.1');
      },
    ],
    [
      'reordered',
      'copies of the second connection only',
      (world) => {
        for (const at of [0, 5])
          for (const sequence of [0, 1]) world.writers.qos1.sent(sequence, at);
        return finish(world, 'w0.0.0 | w0.1.0 | w0.1.1 | w0.0.1');
      },
    ],
    [
      'foreign',
      'a record that nobody sent',
      (world) => {
        publish(world.writers.qos1, 1);
        return finish(world, 'w0.0.0 | w0.7.0');
      },
    ],
    ['foreign', 'bytes that are no payload of ours', (world) => finish(world, 'hello')],
    [
      'diverging',
      'other bytes at one offset of one node',
      (world) => {
        publish(world.writers.qos1, 2);
        tell(world, 1, '- | w0.0.0 | w0.1.0');
        tell(world, 2, '- | !w0.0.0 | w0.1.0');
        return world.check.finish();
      },
    ],
    [
      'diverging',
      'another record at one offset of one node',
      (world) => {
        publish(world.writers.qos1, 1);
        publish(world.writers.qos2, 1);
        tell(world, 1, 'w0.0.0 | w1.0.0');
        tell(world, 2, 'w1.0.0 | w0.0.0');
        return world.check.finish();
      },
    ],
    [
      'diverging',
      'a hole where the other node has a record',
      (world) => {
        publish(world.writers.qos1, 3);
        tell(world, 1, 'w0.0.0 | w0.1.0 | w0.2.0');
        tell(world, 2, 'w0.0.0 | | w0.2.0');
        return world.check.finish();
      },
    ],
    [
      'diverging',
      'offsets that fall within one log',
      (world) => {
        publish(world.writers.qos1, 2);
        world.check.beginLog(1, 0);
        const entry = { isControl: false, digest: 0 };
        world.check.entry({ ...entry, offset: 1, identity: identityOf('w0.0.0') });
        world.check.entry({ ...entry, offset: 0, identity: identityOf('w0.1.0') });
        world.check.endLog();
        return world.check.finish();
      },
    ],
    [
      'short',
      'a node that lacks the end',
      (world) => {
        publish(world.writers.qos1, 2);
        tell(world, 1, 'w0.0.0 | w0.1.0');
        tell(world, 2, 'w0.0.0');
        return world.check.finish();
      },
    ],
    [
      'short',
      'the first node lacks the end',
      (world) => {
        publish(world.writers.qos1, 1);
        tell(world, 1, 'w0.0.0');
        tell(world, 2, 'w0.0.0 | -');
        return world.check.finish();
      },
    ],
    [
      'short',
      'a node with nothing at all',
      (world) => {
        publish(world.writers.qos1, 1);
        tell(world, 1, 'w0.0.0');
        tell(world, 2, '');
        return world.check.finish();
      },
    ],
    [
      'short',
      'the first node has nothing at all',
      (world) => {
        publish(world.writers.qos1, 1);
        world.writers.qos1.sent(1, 10);
        tell(world, 1, 'w0.0.0', 0, 1);
        tell(world, 1, '');
        tell(world, 2, 'w0.1.0');
        return world.check.finish();
      },
    ],
    [
      'staleAck',
      'an acknowledged offset that holds another record later',
      (world) => {
        for (const sequence of [0, 1]) world.writers.kafka.sent(sequence, 0);
        world.writers.kafka.acknowledged(0, 5, 1, { partition: 0, offset: 0 });
        world.writers.kafka.acknowledged(1, 6, 2, { partition: 0, offset: 0 });
        return finish(world, 'w2.0.0 | w2.1.0');
      },
    ],
    [
      'staleAck',
      'an acknowledged offset that holds nothing, the record being elsewhere',
      (world) => {
        world.writers.kafka.sent(0, 0);
        world.writers.kafka.acknowledged(0, 5, 1, { partition: 0, offset: 4 });
        return finish(world, 'w2.0.0');
      },
    ],
    [
      'staleAck',
      'an acknowledged offset of another partition',
      (world) => {
        world.writers.kafka.sent(0, 0);
        world.writers.kafka.acknowledged(0, 5, 1, { partition: 1, offset: 0 });
        return finish(world, 'w2.0.0');
      },
    ],
    [
      'staleAck',
      'sent after the other one was acknowledged, and before it in the log',
      (world) => {
        publish(world.writers.qos1, 1);
        world.writers.qos2.sent(0, 6);
        return finish(world, 'w1.0.0 | w0.0.0');
      },
    ],
    [
      'movedBack',
      'a reader that gets an offset again',
      (world) => {
        publish(world.writers.qos1, 1);
        const reader = world.check.reader('tail');
        for (let times = 0; times < 2; times++) reader.read(0, 0, identityOf('w0.0.0'));
        return finish(world, 'w0.0.0');
      },
    ],
    [
      'movedBack',
      'a high watermark that falls within one life of a node',
      (world) => {
        const reader = world.check.reader('tail');
        for (const offset of [4, 3]) reader.toldHighWatermark('node 1.1', 0, offset);
        return finish(world, '-');
      },
    ],
    [
      'movedBack',
      'an offset that is out of range after it was given',
      (world) => {
        world.check.reader('tail').thrownBack('node 1.1', 0, 4);
        return finish(world, '-');
      },
    ],
    [
      'wrongRead',
      'a record that was read and is not there in the end',
      (world) => {
        publish(world.writers.qos1, 1);
        world.writers.qos1.sent(1, 10);
        const reader = world.check.reader('tail');
        reader.read(0, 0, identityOf('w0.0.0'));
        reader.read(0, 1, identityOf('w0.1.0'));
        return finish(world, 'w0.0.0 | -');
      },
    ],
    [
      'unread',
      'a reader of everything that missed one',
      (world) => {
        publish(world.writers.qos1, 2);
        world.check.reader('all', true).read(0, 1, identityOf('w0.1.0'));
        return finish(world, 'w0.0.0 | w0.1.0');
      },
    ],
  ];

  it.each(cases)('%s: %s', (kind, _name, run) => {
    const verdict = run(open());
    expect(kindsOf(verdict)).toEqual([kind]);
    expect(verdict.lines[0]).toContain(`${kind}: `);
  });

  it('lost and answered with an offset that another record took', () => {
    const world = open();
    for (const sequence of [0, 1]) world.writers.kafka.sent(sequence, 0);
    for (const sequence of [0, 1])
      world.writers.kafka.acknowledged(sequence, 5, 1, { partition: 0, offset: 0 });
    expect(kindsOf(finish(world, 'w2.1.0'))).toEqual(['lost', 'staleAck']);
  });
});

describe('central', () => {
  const atCentral = (...seen: string[]): HistoryVerdict['faults'] => {
    const world = open();
    publish(world.writers.qos1, 4);
    tell(world, 1, '- | w0.0.0 | w0.1.0 | - | w0.2.0 | w0.3.0');
    const central = world.check.central(0);
    for (const text of seen) central.take(identityOf(text));
    central.end();
    return world.check.finish().faults;
  };

  it('says what is missing in the middle and at the end', () => {
    expect(atCentral('w0.0.0', 'w0.3.0')).toEqual({ centralLost: 2 });
    expect(atCentral('w0.0.0', 'w0.1.0')).toEqual({ centralLost: 2 });
  });

  it('says what is there twice, or was never sent', () => {
    const rest = ['w0.1.0', 'w0.2.0', 'w0.3.0'];
    expect(atCentral('w0.0.0', 'w0.0.0', ...rest)).toEqual({ centralDoubled: 1 });
    expect(atCentral('w0.0.0', ...rest, 'w0.1.0', 'w0.2.0')).toEqual({ centralDoubled: 2 });
    expect(atCentral('w0.0.0', 'hello', ...rest)).toEqual({ centralDoubled: 1 });
  });

  it('calls a swap both: not there in its turn, and there where it does not belong', () => {
    expect(atCentral('w0.1.0', 'w0.0.0', 'w0.2.0', 'w0.3.0')).toEqual({
      ...{ centralLost: 1, centralDoubled: 1 },
    });
  });
});

it('keeps the first faults of a kind and counts all', () => {
  const world = open();
  publish(world.writers.qos1, 1_000);
  const verdict = finish(world, '-');
  expect(verdict.faults).toEqual({ lost: 1_000 });
  expect(verdict.lines).toHaveLength(10);
});
