// brokerlaw's contract for adapters in Node: JSON lines on standard input and output. No dependencies.
//
//     serve({ start(settings) {…}, describe() {…}, send(op) {…}, poll(op) {…}, reset() {…}, stop() {…} });
//
// Each operation is a method of its name that returns (or promises) ok(value), fail(error) or unknown(error); bytes are
// base64 text. The messages, and which value each operation answers with: `brokerlaw adapter schemas`.

import { createInterface } from 'node:readline';

const CONTRACT = 1;

/** It happened. */
export const ok = (value = null) => ({ type: 'ok', value });
/** It certainly has not happened, and never will. */
export const fail = (error, message = '') => ({ type: 'fail', error, message });
/** Nobody knows. */
export const unknown = (error, message = '') => ({ type: 'info', error, message });

/** Throw this when the adapter, not the broker, is at fault; the message says how to mend it. */
export class AdapterError extends Error {}

/** Tell the history that a client was assigned partitions, or that they were revoked or lost. */
export const observe = (process, value) => write({ type: 'observe', process, value, time: now() });

/** Speak until told to stop, or until the input ends. */
export async function serve(adapter) {
  console.log = console.error; // standard output is for messages alone
  try {
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
      const request = JSON.parse(line);
      const outcome = perform(adapter, request);
      if (request.value?.awaited === false) outcome.then((late) => complete(request.id, late), giveUp);
      else complete(request.id, await outcome);
      if (request.type === 'stop') process.exit(0);
    }
  } catch (error) {
    giveUp(error);
  }
}

async function perform(adapter, request) {
  switch (request.type) {
    case 'hello':
      if (request.contract !== CONTRACT) throw new AdapterError(`this adapter speaks contract ${CONTRACT}`);
      await adapter.start?.(request.settings);
      return ok(await adapter.describe());
    case 'invoke':
      return invoke(adapter, request.value);
    case 'reset':
      await adapter.reset?.();
      return ok();
    case 'wait':
      await elapse(request.milliseconds);
      return ok();
    case 'stop':
      await adapter.stop?.();
      return ok();
    default:
      throw new AdapterError(`there is no request ${request.type} in contract ${CONTRACT}`);
  }
}

/** Node's timers count whole milliseconds, and may fire before the last one is over. */
async function elapse(milliseconds) {
  const end = now() + milliseconds * 1e6;
  for (let left = milliseconds; left > 0; left = (end - now()) / 1e6) {
    await new Promise((resume) => setTimeout(resume, Math.ceil(left)));
  }
}

/** An operation that is missing is UNSUPPORTED; after an unexpected error, nobody knows whether it happened. */
async function invoke(adapter, op) {
  if (!adapter[op.f]) return fail('UNSUPPORTED', `this adapter has no ${op.f}`);
  try {
    return await adapter[op.f](op);
  } catch (error) {
    if (error instanceof AdapterError) throw error;
    return unknown(error.name, error.message);
  }
}

function complete(id, outcome) {
  write({ type: 'complete', id, outcome, time: now() });
}

function giveUp(error) {
  const expected = error instanceof AdapterError;
  if (!expected) console.error(error.stack);
  write({ type: 'fault', message: expected ? error.message : `${error.name}: ${error.message}` });
  process.exitCode = 1;
}

/** The machine's monotonic clock, in ns. */
function now() {
  return Number(process.hrtime.bigint());
}

function write(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
