// All files of one upload: a few at a time, paused, gone on with, and patient while nobody answers.
import { noticed } from '@/client/client';
import { reach } from '@/client/reach';
import { Refusal, ServerAway } from '@/client/refusal';
import type { Plan } from './goingOn';
import { waitToTryAgain } from './patience';
import { sendFile, type FileSending } from './tusFile';

const AT_ONCE = 3;

const PASSING_TRIES = 12;

/** A piece was cut short or damaged, or another request holds the file or was faster. */
function passes(error: Refusal): boolean {
  return [408, 423, 460].includes(error.status) || error.where.offset !== undefined;
}

interface Listener {
  /** Bytes that have been sent so far, those of earlier days included. */
  onProgress: (sent: number) => void;
  /** Whether the server is waited for. */
  onWaiting: (waiting: boolean) => void;
}

/** Thrown when the person cancelled. */
export class Cancelled extends Error {}

export class BasketSending {
  private readonly running = new Map<FileSending, number>();
  private readonly left: Plan['send'];
  private readonly stopped = new AbortController();
  private readonly waiting = new Set<object>();
  private settled: number;
  private paused = false;
  private wake: (() => void)[] = [];

  constructor(
    plan: Plan,
    private readonly endpoint: string,
    private readonly listener: Listener,
  ) {
    this.left = plan.send.map((each) => ({ ...each })).reverse();
    this.settled = plan.arrived + plan.send.reduce((sum, { arrived }) => sum + arrived, 0);
  }

  /** Resolves when every file is safe on the server. Throws what the server refused. */
  async send(): Promise<void> {
    this.listener.onProgress(this.settled);
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, () => this.sendOneAfterAnother()));
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  pause() {
    this.paused = true;
    this.stopRunning();
  }

  goOn() {
    this.paused = false;
    this.wakeAll();
  }

  stop() {
    this.stopped.abort();
    this.stopRunning();
    this.wakeAll();
  }

  private async sendOneAfterAnother() {
    for (let next = this.left.pop(); next !== undefined; next = this.left.pop()) {
      await this.sendOne(next);
    }
  }

  private async sendOne(each: Plan['send'][number]) {
    for (let tries = 0; ; tries += 1) {
      await this.untilGoingOn();
      const before = each.arrived;
      try {
        if (await this.tryOnce(each)) return;
        tries = -1; // it was paused, which is no failure
      } catch (error) {
        if (each.arrived > before) tries = 0; // it came further: this is a new trouble
        this.checkPasses(error, tries);
        this.setWaiting(each, error instanceof ServerAway);
        await waitToTryAgain(tries, this.stopped.signal);
      }
    }
  }

  /** False when it was stopped on the way. */
  private async tryOnce(each: Plan['send'][number]): Promise<boolean> {
    let first: number | null = null;
    const sending = sendFile(each.picked, this.endpoint, each.url, {
      onProgress: (sent) => {
        first ??= sent; // told before anything is sent
        if (sent > first) this.setWaiting(each, false);
        this.running.set(sending, sent - each.arrived); // what had arrived is counted already
        this.tell();
      },
      onSafe: (safe) => {
        this.running.set(sending, 0);
        this.settle(each, safe);
      },
    });
    this.running.set(sending, 0);
    try {
      const whole = await sending.done;
      if (whole) {
        this.settle(each, each.picked.file.size);
        this.setWaiting(each, false);
      }
      return whole;
    } finally {
      this.running.delete(sending);
      this.tell();
    }
  }

  private settle(each: Plan['send'][number], safe: number) {
    this.settled += safe - each.arrived;
    each.arrived = safe;
  }

  private checkPasses(error: unknown, tries: number) {
    if (this.stopped.signal.aborted) throw new Cancelled();
    if (error instanceof ServerAway) {
      reach.lost();
      return;
    }
    if (error instanceof Refusal && passes(error) && tries < PASSING_TRIES) return;
    throw error instanceof Refusal ? noticed(error) : error;
  }

  private setWaiting(each: object, waiting: boolean) {
    const before = this.waiting.size > 0;
    if (waiting) this.waiting.add(each);
    else this.waiting.delete(each);
    if (before !== this.waiting.size > 0) this.listener.onWaiting(!before);
  }

  private tell() {
    const moving = [...this.running.values()].reduce((sum, sent) => sum + Math.max(0, sent), 0);
    this.listener.onProgress(this.settled + moving);
  }

  private async untilGoingOn() {
    while (this.paused && !this.stopped.signal.aborted) {
      await new Promise<void>((resolve) => this.wake.push(resolve));
    }
    if (this.stopped.signal.aborted) throw new Cancelled();
  }

  private stopRunning() {
    for (const sending of this.running.keys()) sending.stop();
  }

  private wakeAll() {
    const woken = this.wake;
    this.wake = [];
    for (const resolve of woken) resolve();
  }
}
