// A consumer group by the eager protocol: when somebody comes or goes, all give up what they have and come again, and
// only then is everything shared out anew. So no partition has two owners, not even for a moment.

import { Refused } from './broker.mjs';

export class Group {
  #members = new Map(); // name → { topics, generation, held, seen, limits }
  #generation = 0; // of the next assignment
  #committed = new Map();

  constructor(partitionsOf) {
    this.partitionsOf = partitionsOf;
  }

  get state() {
    if (this.#members.size === 0) return 'empty';
    const stable = this.#all((member) => member.generation === this.#generation && member.held);
    return stable ? 'stable' : 'preparingrebalance';
  }

  get generation() {
    return this.#generation;
  }

  get members() {
    return [...this.#members].map(([name, { held }]) => ({ member: name, assignment: held ?? [] }));
  }

  join(name, topics, limits) {
    this.#members.set(name, { topics, generation: -1, held: null, seen: Date.now(), alive: true, limits });
    this.#generation += 1;
  }

  leave(name) {
    if (this.#members.delete(name)) this.#generation += 1;
  }

  /** The member will say nothing more; the group finds out when its session has timed out. */
  vanish(name) {
    const member = this.#members.get(name);
    if (member) member.alive = false;
  }

  /** Whether it is a member, and has not been expelled for its silence. */
  has(name) {
    this.#expel();
    return this.#members.has(name);
  }

  /** One turn of a member: what it must give up, and what it is given, each a list of partitions or null. */
  turn(name) {
    const member = this.#members.get(name);
    member.seen = Date.now();
    const revoked = member.generation < this.#generation ? member.held : null;
    if (member.generation < this.#generation) {
      member.held = null;
      member.generation = this.#generation;
    }
    const ready = !member.held && this.#all((other) => other.generation === this.#generation);
    if (ready) member.held = this.#share(name);
    return { revoked, assigned: ready ? member.held : null };
  }

  commit(name, offsets) {
    this.#expel();
    if (name !== null && !this.#members.get(name)?.held) throw new Refused('ILLEGAL_GENERATION', name);
    for (const [topic, partition, offset] of offsets) this.#committed.set(`${topic}/${partition}`, offset);
  }

  committed(topic, partition) {
    return this.#committed.get(`${topic}/${partition}`) ?? null;
  }

  #all(holds) {
    return [...this.#members.values()].every(holds);
  }

  /** Every topic's partitions in ranges, over the members that subscribe to it. */
  #share(name) {
    return this.#members.get(name).topics.flatMap((topic) => {
      const takers = [...this.#members].filter(([, { topics }]) => topics.includes(topic)).map(([taker]) => taker);
      const all = Array.from({ length: this.partitionsOf(topic) }, (_, partition) => [topic, partition]);
      const [each, more] = [Math.floor(all.length / takers.length), all.length % takers.length];
      const index = takers.indexOf(name);
      return all.slice(index * each + Math.min(index, more), (index + 1) * each + Math.min(index + 1, more));
    });
  }

  #expel() {
    const now = Date.now();
    for (const [name, { alive, seen, limits }] of this.#members) {
      if (now - seen > (alive ? limits.poll : limits.session)) this.leave(name);
    }
  }
}
