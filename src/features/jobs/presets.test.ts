import { describe, expect, it } from 'vitest';
import { options, presets } from '@/lib/testing/records';
import { rangeOf, roughly } from './cost';
import { changed, costBody, picked, presetOf } from './presets';
import { bodyOf, startingValues } from './trainingForm';

const start = startingValues(options, 'HAM10000');
const named = (name: string) => {
  const found = presets.find((each) => each.name === name);
  if (!found) throw new Error(name);
  return found;
};
const quick = picked(named('quick'), start, 'DenseNet169', options);
const best = picked(named('best'), start, 'DenseNet169', options);

describe('a preset', () => {
  it('is Standard as long as nothing was changed', () => {
    expect(presetOf(start, presets, options)?.name).toBe('standard');
  });

  it('fills the fields that it names and leaves the others', () => {
    const values = picked(named('quick'), { ...start, seed: 7 }, 'DenseNet169', options);
    expect(values).toMatchObject({
      architecture: 'MobileNetV2',
      epochs: 8,
      image_size: 128,
      seed: 7,
      dataset_name: 'HAM10000',
    });
    expect(bodyOf(values).fine_tune_epochs).toBeNull();
  });

  it('gives the architecture back that was chosen by hand', () => {
    expect(picked(named('standard'), quick, 'ResNet50', options).architecture).toBe('ResNet50');
  });

  it('becomes custom when one of its fields is changed, and again itself when it is mended', () => {
    const custom = changed(quick, 'epochs', 9, presets, options);
    expect(presetOf(custom, presets, options)).toBeUndefined();
    const mended = changed(custom, 'epochs', 8, presets, options);
    expect(presetOf(mended, presets, options)?.name).toBe('quick');
  });

  it('stays what it is when a field is changed that it does not name', () => {
    const values = changed(quick, 'learning_rate', 0.01, presets, options);
    expect(presetOf(values, presets, options)?.name).toBe('quick');
  });

  it('follows the architecture to the size that it was made for', () => {
    expect(best.image_size).toBe(224);
    const values = changed(best, 'architecture', 'EfficientNetB3', presets, options);
    expect(values).toMatchObject({ architecture: 'EfficientNetB3', image_size: 300 });
    expect(presetOf(values, presets, options)?.name).toBe('best');
  });

  it('leaves a custom size alone when the architecture is changed', () => {
    const custom = changed(best, 'image_size', 64, presets, options);
    expect(changed(custom, 'architecture', 'MobileNetV2', presets, options).image_size).toBe(64);
  });
});

describe('a cost', () => {
  it('is asked once for settings that cost the same', () => {
    const other = bodyOf({ ...start, seed: 3, learning_rate: 0.5, class_balancing: false });
    expect(costBody(other, options)).toEqual(costBody(bodyOf(start), options));
    expect(costBody(bodyOf(quick), options)).not.toEqual(costBody(bodyOf(start), options));
  });

  it.each([
    [1, '5 s'],
    [43, '45 s'],
    [128, '2 min 10 s'],
    [371, '6 min'],
    [1000, '17 min'],
    [7700, '2 h 10 min'],
  ])('of %d s is said as %s', (seconds, words) => {
    expect(roughly(seconds)).toBe(words);
  });

  it('is one figure when both ends of its range round to it', () => {
    expect(rangeOf({ low: 42, high: 46 })).toBe('40 s to 45 s');
    expect(rangeOf({ low: 43, high: 46 })).toBe('45 s');
  });
});
