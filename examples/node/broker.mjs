// A toy broker in memory: topics of partitions, and what a log owes its readers.

/** A refusal, by Kafka's name for it: it certainly had no effect. */
export class Refused extends Error {
  constructor(code, message = '') {
    super(message);
    this.code = code;
  }
}

export class Broker {
  #topics = new Map(); // name → partitions

  create(topic, partitions) {
    if (this.#topics.has(topic)) throw new Refused('TOPIC_ALREADY_EXISTS', topic);
    this.#topics.set(topic, Array.from({ length: partitions }, (_, index) => new Log(topic, index)));
  }

  delete(topic) {
    this.partitions(topic);
    this.#topics.delete(topic);
  }

  /** How many partitions a topic has. */
  partitions(topic) {
    return this.#logs(topic).length;
  }

  log(topic, partition) {
    const log = this.#logs(topic)[partition];
    if (!log) throw new Refused('UNKNOWN_TOPIC_OR_PARTITION', `${topic}/${partition}`);
    return log;
  }

  #logs(topic) {
    const logs = this.#topics.get(topic);
    if (!logs) throw new Refused('UNKNOWN_TOPIC_OR_PARTITION', topic);
    return logs;
  }
}

/** One partition: records in the order of their offsets, from `start` on. */
class Log {
  #records = [];
  start = 0;

  constructor(topic, partition) {
    this.topic = topic;
    this.partition = partition;
  }

  get end() {
    return this.start + this.#records.length;
  }

  append(what) {
    const record = { topic: this.topic, partition: this.partition, offset: this.end, ...what };
    this.#records.push(record);
    return record.offset;
  }

  read(from, count) {
    const first = Math.max(from, this.start) - this.start;
    return this.#records.slice(first, first + count);
  }

  /** The first offset at or after a timestamp; null if there is none. */
  at(timestamp) {
    return this.#records.find((record) => record.timestamp >= timestamp)?.offset ?? null;
  }

  /** Delete what is below; -1: all that is there. */
  truncate(until) {
    const before = until === -1 ? this.end : until;
    if (before < this.start || before > this.end) throw new Refused('OFFSET_OUT_OF_RANGE', `${before}`);
    this.#records.splice(0, before - this.start);
    this.start = before;
  }
}
