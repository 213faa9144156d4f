import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refusal, ServerAway } from '@/client/refusal';
import type { Plan } from './goingOn';
import { BasketSending, Cancelled } from './sendBasket';
import * as tusFile from './tusFile';

/** One file on its way: the test says how it ends. */
interface Sent {
  path: string;
  url: string | null;
  progress: (sent: number) => void;
  safe: (safe: number) => void;
  whole: () => void;
  fail: (error: unknown) => void;
  stopped: boolean;
}

const sent: Sent[] = [];
const told = { sent: [] as number[], waiting: [] as boolean[] };
const LISTENER = {
  onProgress: (bytes: number) => void told.sent.push(bytes),
  onWaiting: (waiting: boolean) => void told.waiting.push(waiting),
};

beforeEach(() => {
  vi.useFakeTimers();
  sent.length = told.sent.length = told.waiting.length = 0;
  vi.spyOn(tusFile, 'sendFile').mockImplementation((picked, _endpoint, url, listener) => {
    let resolve: (whole: boolean) => void = () => {};
    let reject: (error: unknown) => void = () => {};
    const done = new Promise<boolean>((yes, no) => ([resolve, reject] = [yes, no]));
    const one: Sent = {
      path: picked.path,
      url,
      progress: listener.onProgress,
      safe: listener.onSafe,
      whole: () => resolve(true),
      fail: reject,
      stopped: false,
    };
    sent.push(one);
    const stop = () => {
      one.stopped = true;
      resolve(false);
    };
    return { done, stop };
  });
});

afterEach(() => vi.useRealTimers());

function plan(count: number): Plan {
  const send = Array.from({ length: count }, (_, index) => ({
    picked: { path: `${index}.jpg`, file: new File(['0123456789'], `${index}.jpg`) },
    url: index === 0 ? '/files/0' : null,
    arrived: index === 0 ? 4 : 0,
  }));
  return { send, takeBack: [], arrived: 100 };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

async function begin(count: number) {
  const sending = new BasketSending(plan(count), '/files', LISTENER);
  const ended = sending.send();
  await settle();
  return { sending, ended };
}

describe('an upload of several files', () => {
  it('sends a few at a time, all of them, and counts what had arrived before', async () => {
    const { ended } = await begin(5);
    let done = false;
    void ended.then(() => (done = true));
    expect(sent.map(({ path }) => path)).toEqual(['0.jpg', '1.jpg', '2.jpg']);
    expect(sent[0]?.url).toBe('/files/0');
    expect(told.sent.at(-1)).toBe(104);
    sent[0]?.progress(7);
    expect(told.sent.at(-1)).toBe(107);
    for (let index = 0; index < 5; index += 1) {
      expect(done).toBe(false);
      sent[index]?.whole();
      await settle();
    }
    expect(done).toBe(true);
    expect(told.sent.at(-1)).toBe(150);
  });

  it('stops when it is paused and goes on with the same files', async () => {
    const { sending } = await begin(1);
    sending.pause();
    await settle();
    expect(sent.map(({ stopped }) => stopped)).toEqual([true]);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(sent).toHaveLength(1);
    sending.goOn();
    await settle();
    expect(sent.map(({ path }) => path)).toEqual(['0.jpg', '0.jpg']);
  });

  it('waits for a server that is away and says so, for as long as it takes', async () => {
    await begin(1);
    for (let tries = 1; tries <= 20; tries += 1) {
      sent.at(-1)?.progress(4); // told before anything is sent
      sent.at(-1)?.fail(new ServerAway());
      await settle();
      expect(told.waiting).toEqual([true]);
      await vi.advanceTimersByTimeAsync(30_000);
      expect(sent).toHaveLength(tries + 1);
    }
    sent.at(-1)?.progress(4);
    sent.at(-1)?.progress(6);
    expect(told.waiting).toEqual([true, false]);
  });

  it('counts what is safe, not what was on its way when the connection broke', async () => {
    await begin(2);
    sent[1]?.progress(6);
    sent[1]?.safe(6);
    sent[1]?.progress(9);
    expect(told.sent.at(-1)).toBe(113);
    sent[1]?.fail(new ServerAway());
    await settle();
    expect(told.sent.at(-1)).toBe(110);
    await vi.advanceTimersByTimeAsync(30_000);
    sent[2]?.progress(6);
    expect(told.sent.at(-1)).toBe(110);
    sent[2]?.whole();
    await settle();
    expect(told.sent.at(-1)).toBe(114);
  });

  it('does not wait when the browser says that the network is back', async () => {
    await begin(1);
    sent[0]?.fail(new ServerAway());
    await settle();
    expect(sent).toHaveLength(1);
    window.dispatchEvent(new Event('online'));
    await settle();
    expect(sent).toHaveLength(2);
  });

  it('tries again where another request holds the file or a piece was damaged', async () => {
    await begin(1);
    for (const status of [423, 460]) {
      sent.at(-1)?.fail(new Refusal({ detail: 'later', code: 'busy', where: {} }, status));
      await vi.advanceTimersByTimeAsync(2_000);
    }
    expect(sent).toHaveLength(3);
    expect(told.waiting).toEqual([]);
  });

  it('ends with the first refusal and stops the other files', async () => {
    const { ended } = await begin(5);
    const refusal = new Refusal({ detail: 'The disk is full.', code: 'storage_full' }, 507);
    sent[1]?.fail(refusal);
    await expect(ended).rejects.toBe(refusal);
    expect(sent.filter(({ stopped }) => stopped)).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(sent).toHaveLength(3);
  });

  it('ends when it is cancelled, waiting or not', async () => {
    const { sending, ended } = await begin(2);
    sent[0]?.fail(new ServerAway());
    await settle();
    sending.stop();
    await expect(ended).rejects.toBeInstanceOf(Cancelled);
    expect(sent).toHaveLength(2);
  });
});
