// How a sentence about the start of a run is to be shown.

/** Whether the sentence says that the network starts from random weights. */
export function saysRandom(sentence: string | null | undefined): boolean {
  return /\brandom/i.test(sentence ?? '');
}
