// MyBroker before the law: what brokerlaw asks for, in the words of MyBroker's client library.
//
// So far this is a toy that keeps everything in memory, and it is complete: `brokerlaw smoke` passes. Replace the body
// of one method after the other by what your client library has for it, and claim more in `describe` as you go.
//
// Answer ok only for what has happened, fail only for what certainly has not and never will, unknown for timeouts, lost
// connections and everything else. An exception counts as unknown.

import { fail, ok, serve } from './serve.mjs';

const logs = new Map(); // topic → partitions → records
const producers = new Map(); // client → sends in flight
const consumers = new Map(); // client → { positions, paused }, by "topic/partition"

const place = (topic, partition) => `${topic}/${partition}`;
const log = (topic, partition) => logs.get(topic)?.[partition];
const missing = (topic) => fail('UNKNOWN_TOPIC_OR_PARTITION', topic);

serve({
  // Connect, or start the broker. `settings` are what the user gave as --settings KEY=VALUE, all text.
  async start(settings) {},

  // End whatever `start` started.
  async stop() {},

  // Between two cases: end the clients that were left open.
  async reset() {
    producers.clear();
    consumers.clear();
  },

  // Claim what the broker has: only what is claimed is judged.
  describe: () => ({ name: 'my-broker', version: '0.1', capabilities: { topics: 8, headers: null, tombstones: null } }),

  // --- topics ---

  // Answer when the topic can be written to.
  create_topic({ topic, partitions = 1 }) {
    if (logs.has(topic)) return fail('TOPIC_ALREADY_EXISTS', topic);
    logs.set(topic, Array.from({ length: partitions }, () => []));
    return ok();
  },

  delete_topic: ({ topic }) => (logs.delete(topic) ? ok() : missing(topic)),

  // The start or the end of a log; by timestamp only if you claim `timestamps`.
  list_offsets({ topic, partition, at = 'latest' }) {
    const records = log(topic, partition);
    return records ? ok(at === 'earliest' ? 0 : records.length) : missing(topic);
  },

  // --- producers ---

  // A client of its own for each `client`, with the settings that the operation names.
  open_producer({ client }) {
    producers.set(client, []);
    return ok();
  },

  // Awaited: answer when the broker has acknowledged. Else promise the outcome, and go on.
  send(op) {
    if (!producers.has(op.client)) return fail('NO_SUCH_CLIENT', op.client);
    if (op.awaited !== false) {
      deliver(op.client);
      return append(op);
    }
    return new Promise((done) => producers.get(op.client).push(() => done(append(op))));
  },

  // Answer when no send is in flight any more.
  flush({ client }) {
    deliver(client);
    return ok();
  },

  // --- consumers ---

  // As with producers. There is a `group` only if you claim `groups`.
  open_consumer({ client }) {
    consumers.set(client, { positions: new Map(), paused: new Set() });
    return ok();
  },

  // Read these partitions and no others, from these offsets.
  assign({ client, offsets }) {
    const positions = offsets.map(([topic, partition, offset]) => [place(topic, partition), offset]);
    consumers.get(client).positions = new Map(positions);
    return ok();
  },

  // Wait for the first record up to `timeout` ms; no records are ok([]).
  async poll({ client, max_records = 100, timeout = 100 }) {
    const { positions, paused } = consumers.get(client);
    const records = [];
    for (const [key, start] of positions) {
      if (paused.has(key)) continue;
      const [, topic, partition] = key.match(/^(.*)\/(\d+)$/);
      const got = (log(topic, partition) ?? []).slice(start, start + max_records - records.length);
      positions.set(key, start + got.length);
      records.push(...got);
    }
    if (records.length === 0) await new Promise((resume) => setTimeout(resume, timeout));
    return ok(records);
  },

  // The next poll reads from here.
  seek({ client, topic, partition, offset }) {
    consumers.get(client).positions.set(place(topic, partition), offset);
    return ok();
  },

  // The offset that comes next; null if there is none yet.
  position: ({ client, topic, partition }) => ok(consumers.get(client).positions.get(place(topic, partition)) ?? null),

  pause({ client, partitions }) {
    partitions.forEach(([topic, partition]) => consumers.get(client).paused.add(place(topic, partition)));
    return ok();
  },

  resume({ client, partitions }) {
    partitions.forEach(([topic, partition]) => consumers.get(client).paused.delete(place(topic, partition)));
    return ok();
  },

  // --- both ---

  // In good order: what is in flight is delivered first.
  close({ client }) {
    deliver(client);
    producers.delete(client);
    consumers.delete(client);
    return ok();
  },
});

function deliver(client) {
  for (const go of producers.get(client)?.splice(0) ?? []) go();
}

function append({ topic, value, key = null, partition, timestamp = Date.now(), headers = [] }) {
  partition ??= partitionOf(key, logs.get(topic)?.length ?? 1);
  const records = log(topic, partition);
  if (!records) return missing(topic);
  const offset = records.length;
  records.push({ topic, partition, offset, value, key, timestamp, headers });
  return ok({ topic, partition, offset });
}

// One key, one partition.
function partitionOf(key, partitions) {
  return Buffer.from(key ?? '', 'base64').reduce((sum, byte) => sum + byte, 0) % partitions;
}
