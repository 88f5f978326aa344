/**
 * Random numbers from 0 to 1 by splitmix32, with a new generator for each index. The same seed and index give the same
 * numbers.
 */
export function randomOf(seed: number, index: number): () => number {
  let state = scramble(scramble(seed) ^ index) ^ Math.floor(index / 2 ** 32);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return (scramble(state) >>> 0) / 2 ** 32;
  };
}

function scramble(word: number): number {
  word = Math.imul(word ^ word >>> 16, 0x21f0aaad);
  word = Math.imul(word ^ word >>> 15, 0x735a2d97);
  return word ^ word >>> 15;
}
