import { describe, expect, it } from 'vitest';
import { options } from '@/lib/testing/records';
import { bodyOf, problemsOf, startingValues, startSentence, type FormValues } from './trainingForm';

const form = (more: Partial<FormValues> = {}): FormValues => ({
  ...startingValues(options, 'HAM10000'),
  ...more,
});

describe('the training form', () => {
  it("starts with the document's defaults", () => {
    expect(bodyOf(form())).toEqual({ ...options.defaults, dataset_name: 'HAM10000' });
  });

  it('asks for a dataset', () => {
    expect(problemsOf(form({ dataset_name: '' }), options.limits)).toEqual({
      dataset_name: 'Choose a dataset.',
    });
  });

  it.each([
    ['epochs', 0, 'Epochs must be from 1 to 1000.'],
    ['epochs', 1001, 'Epochs must be from 1 to 1000.'],
    ['epochs', 1.5, 'Epochs must be a whole number.'],
    ['epochs', '', 'Epochs must be given.'],
    ['batch_size', 2000, 'Batch size must be from 1 to 1024.'],
    ['learning_rate', 0, 'The learning rate must be above 0.'],
    ['learning_rate', 1.1, 'The learning rate must be from 1e-7 to 1.'],
    ['image_size', 16, 'The image size must be from 32 to 1024.'],
  ] as const)('refuses %s = %s', (field, value, sentence) => {
    expect(problemsOf(form({ [field]: value }), options.limits)[field]).toBe(sentence);
  });

  it('lets the server choose what may be left empty', () => {
    const values = form({ fine_tune_epochs: '', image_size: '' });
    expect(problemsOf(values, options.limits)).toEqual({});
    expect(bodyOf(values)).toMatchObject({ fine_tune_epochs: null, image_size: null });
  });

  it('knows that 0 fine-tune epochs is not the same as none given', () => {
    expect(bodyOf(form({ fine_tune_epochs: 0 })).fine_tune_epochs).toBe(0);
  });

  it('allows no more fine-tune epochs than epochs', () => {
    const values = form({ epochs: 5, fine_tune_epochs: 6 });
    expect(problemsOf(values, options.limits).fine_tune_epochs).toContain('at most 5');
  });
});

describe('what the run would start from', () => {
  it('is loud when it is random', () => {
    expect(startSentence(form(), options)?.random).toBe(true);
    expect(startSentence(form({ architecture: 'MobileNetV2', weights: 'none' }), options)).toEqual({
      random: true,
      text: options.random_start_sentence,
    });
  });

  it('is quiet when it is ImageNet', () => {
    const sentence = startSentence(form({ architecture: 'MobileNetV2' }), options);
    expect(sentence).toEqual({ random: false, text: 'The backbone starts from ImageNet weights.' });
  });

  it('warns that ImageNet, asked for and not to be had, is refused', () => {
    expect(startSentence(form({ weights: 'imagenet' }), options)?.text).toContain('refused');
  });
});
