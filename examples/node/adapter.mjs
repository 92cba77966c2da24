// An adapter in Node, for a toy broker in memory: topics, headers, timestamps, deletion, consumer groups, crashes.
//
//     brokerlaw smoke 'cmd:node examples/node/adapter.mjs'
//     brokerlaw check 'cmd:node examples/node/adapter.mjs'

import { AdapterError, fail, observe, ok, serve } from '../../adapters/templates/serve.mjs';
import { Broker, Refused } from './broker.mjs';
import { Group } from './group.mjs';

const broker = new Broker();
const groups = new Map();
const clients = new Map(); // producers have `flight`, consumers `positions`

const sleep = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));
const place = (topic, partition) => JSON.stringify([topic, partition]);

function groupOf(name) {
  if (!groups.has(name)) groups.set(name, new Group((topic) => broker.partitions(topic)));
  return groups.get(name);
}

function client(name) {
  if (!clients.has(name)) throw new Refused('NO_SUCH_CLIENT', name);
  return clients.get(name);
}

const operations = {
  // --- administration ---

  create_topic: ({ topic, partitions = 1 }) => broker.create(topic, partitions),
  delete_topic: ({ topic }) => broker.delete(topic),
  delete_records: ({ topic, partition, before }) => broker.log(topic, partition).truncate(before),

  list_offsets({ topic, partition, at = 'latest' }) {
    const log = broker.log(topic, partition);
    return at === 'earliest' ? log.start : at === 'latest' ? log.end : log.at(at);
  },

  describe_group: ({ group }) => ({ state: groupOf(group).state, members: groupOf(group).members }),
  fetch_committed: ({ group, topic, partition }) => groupOf(group).committed(topic, partition),

  lag({ group, topic, partition }) {
    const committed = groupOf(group).committed(topic, partition);
    return committed === null ? null : Math.max(0, broker.log(topic, partition).end - committed);
  },

  reset_offsets({ group, offsets }) {
    if (groupOf(group).state !== 'empty') throw new Refused('NON_EMPTY_GROUP', group);
    groupOf(group).commit(null, offsets);
  },

  // --- producers ---

  open_producer: (op) => void clients.set(op.client, { flight: [] }),

  send(op) {
    const { flight } = client(op.client);
    if (op.awaited !== false) {
      deliver(flight);
      return append(op);
    }
    return new Promise((done, failed) => flight.push({ op, done, failed }));
  },

  flush: (op) => deliver(client(op.client).flight),

  // --- consumers ---

  open_consumer: ({ client, group = null, reset = 'earliest', session_timeout = 6000, max_poll_interval = 60000 }) =>
    void clients.set(client, {
      name: client,
      group: group === null ? null : groupOf(group),
      groupName: group,
      reset,
      limits: { session: session_timeout, poll: max_poll_interval },
      positions: new Map(),
      paused: new Set(),
      topics: null, // when it subscribes
    }),

  subscribe({ client: name, topics }) {
    const consumer = client(name);
    consumer.group.join(name, topics, consumer.limits);
    consumer.topics = topics;
  },

  unsubscribe: ({ client: name }) => leave(client(name)),

  assign({ client: name, offsets }) {
    const positions = offsets.map(([topic, partition, offset]) => [place(topic, partition), offset]);
    client(name).positions = new Map(positions);
  },

  async poll({ client: name, max_records = 100, timeout = 100 }) {
    const consumer = client(name);
    if (consumer.topics) rebalance(consumer);
    const records = fetch(consumer, max_records);
    if (records.length > 0) return records;
    await sleep(timeout);
    return fetch(consumer, max_records);
  },

  seek({ client: name, topic, partition, offset }) {
    const { positions } = client(name);
    if (!positions.has(place(topic, partition))) throw new Refused('NOT_ASSIGNED', `${topic}/${partition}`);
    positions.set(place(topic, partition), offset);
  },

  position: ({ client: name, topic, partition }) => client(name).positions.get(place(topic, partition)) ?? null,
  pause: ({ client: name, partitions }) => partitions.forEach((tp) => client(name).paused.add(place(...tp))),
  resume: ({ client: name, partitions }) => partitions.forEach((tp) => client(name).paused.delete(place(...tp))),

  commit({ client: name, offsets }) {
    const { group, topics } = client(name);
    group.commit(topics ? name : null, offsets);
  },

  committed: ({ client: name, topic, partition }) => client(name).group.committed(topic, partition),

  // --- the life of a client ---

  close({ client: name }) {
    const closing = client(name);
    if (closing.flight) deliver(closing.flight);
    else leave(closing);
    clients.delete(name);
  },

  crash({ client: name }) {
    const { flight, group } = client(name);
    for (const { failed } of flight ?? []) failed(new Refused('CLIENT_CRASHED', 'never sent'));
    group?.vanish(name);
    clients.delete(name);
  },
};

// What went into the broker and came back.

function append({ topic, value, key = null, partition = null, timestamp = Date.now(), headers = [] }) {
  const chosen = partition ?? partitionOf(key, broker.partitions(topic));
  return { topic, partition: chosen, offset: broker.log(topic, chosen).append({ value, key, timestamp, headers }) };
}

function partitionOf(key, partitions) {
  return Buffer.from(key ?? '', 'base64').reduce((sum, byte) => sum + byte, 0) % partitions;
}

function deliver(flight) {
  for (const { op, done, failed } of flight.splice(0)) {
    try {
      done(append(op));
    } catch (error) {
      failed(error);
    }
  }
}

function fetch({ positions, paused, reset }, count) {
  const records = [];
  for (const [key, position] of positions) {
    if (paused.has(key)) continue;
    const log = broker.log(...JSON.parse(key));
    const start = position >= log.start && position <= log.end ? position : reset === 'latest' ? log.end : log.start;
    const got = log.read(start, count - records.length);
    positions.set(key, start + got.length);
    records.push(...got);
  }
  return records;
}

// What a group has a member do while it polls.

function rebalance(consumer) {
  const { name, group } = consumer;
  if (!group.has(name)) {
    giveUp(consumer, 'lost', held(consumer));
    group.join(name, consumer.topics, consumer.limits);
  }
  const { revoked, assigned } = group.turn(name);
  if (revoked) giveUp(consumer, 'revoked', revoked);
  if (!assigned) return;
  consumer.positions = new Map(assigned.map((tp) => [place(...tp), startOf(consumer, ...tp)]));
  tell(consumer, 'assigned', assigned);
}

const held = ({ positions }) => [...positions.keys()].map((key) => JSON.parse(key));

function startOf({ group, reset }, topic, partition) {
  const log = broker.log(topic, partition);
  return group.committed(topic, partition) ?? (reset === 'latest' ? log.end : log.start);
}

function leave(consumer) {
  if (!consumer.topics) return;
  giveUp(consumer, 'revoked', held(consumer));
  consumer.group.leave(consumer.name);
  consumer.topics = null;
}

function giveUp(consumer, how, partitions) {
  consumer.positions.clear();
  consumer.paused.clear();
  tell(consumer, how, partitions);
}

function tell({ name, group, groupName }, o, partitions) {
  observe(name, { o, group: groupName, member: name, generation: group.generation, partitions });
}

// What the broker refuses certainly has not happened; that much of an error is known.

const answered = (operation) => async (op) => {
  try {
    return ok((await operation(op)) ?? null);
  } catch (error) {
    if (error instanceof Refused) return fail(error.code, error.message);
    throw error;
  }
};

serve({
  start(settings) {
    const [unknown] = Object.keys(settings);
    if (unknown) throw new AdapterError(`there is no setting ${unknown}: this broker needs none`);
  },

  describe: () => ({
    name: 'toy-node',
    version: process.version,
    capabilities: {
      topics: 16,
      headers: null,
      tombstones: null,
      timestamps: null,
      'delete-records': null,
      groups: 8,
      'groups.admin': null,
      'groups.lag': null,
      'clients.crash': null,
    },
  }),

  reset() {
    for (const each of clients.values()) if (each.group) leave(each);
    clients.clear();
  },

  ...Object.fromEntries(Object.entries(operations).map(([name, operation]) => [name, answered(operation)])),
});
