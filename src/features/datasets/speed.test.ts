import { describe, expect, it } from 'vitest';
import { NO_PACE, Speedometer } from './speed';

describe('the speed of an upload', () => {
  it('is not guessed in the first moments, nor while nothing moves', () => {
    const meter = new Speedometer();
    expect(meter.note(0, 0, 100)).toEqual(NO_PACE);
    expect(meter.note(500, 25, 100)).toEqual(NO_PACE);
    meter.restart();
    meter.note(10_000, 25, 100);
    expect(meter.note(20_000, 25, 100)).toEqual(NO_PACE);
  });

  it('counts what this sending brought, not what had arrived on another day', () => {
    const meter = new Speedometer();
    meter.note(0, 900, 1000);
    expect(meter.note(10_000, 950, 1000)).toEqual({ speed: 5, secondsLeft: 10 });
  });

  it('follows the last seconds when the network changes', () => {
    const meter = new Speedometer();
    for (let second = 0; second <= 60; second += 1) meter.note(second * 1000, second, 1000);
    let pace = NO_PACE;
    for (let second = 1; second <= 30; second += 1) {
      pace = meter.note((60 + second) * 1000, 60 + 10 * second, 1000);
    }
    expect(pace.speed).toBeCloseTo(10);
  });

  it('begins anew when bytes have to be sent again', () => {
    const meter = new Speedometer();
    meter.note(0, 0, 1000);
    meter.note(2_000, 500, 1000);
    expect(meter.note(3_000, 400, 1000)).toEqual(NO_PACE);
    expect(meter.note(5_000, 600, 1000)).toEqual({ speed: 100, secondsLeft: 4 });
  });
});
