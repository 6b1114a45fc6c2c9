// The least and largest values, and the means, of ever longer stretches of a series, so that a drawing costs as much as
// the screen is wide, however long the recording is.

const STRETCH = 4 // entries of a level that make one of the next
const SMALLEST = 256 // entries of the last level

class Pyramid {
  constructor(low, high = low) {
    this.levels = [{ low, high, mean: low, size: 1 }]
    while (this.levels.at(-1).low.length > SMALLEST) this.levels.push(shorter(this.levels.at(-1)))
  }

  // The level of which the fewest entries stand for so many values, and no entry for more.
  at(values) {
    const wanted = Math.floor(Math.log(Math.max(values, 1)) / Math.log(STRETCH) + 1e-9)
    return this.levels[Math.min(wanted, this.levels.length - 1)]
  }
}

function shorter({ low, high, mean, size }) {
  const length = Math.ceil(low.length / STRETCH)
  const next = { low: new Float32Array(length), high: new Float32Array(length), mean: new Float32Array(length),
    size: size * STRETCH }
  for (let i = 0; i < length; i++) {
    let least = NaN, largest = NaN, sum = 0, count = 0
    for (let j = i * STRETCH, end = Math.min(j + STRETCH, low.length); j < end; j++) {
      if (low[j] !== low[j]) continue // not a number: a gap
      if (!(least <= low[j])) least = low[j]
      if (!(largest >= high[j])) largest = high[j]
      sum += mean[j]
      count += 1
    }
    next.low[i] = least
    next.high[i] = largest
    next.mean[i] = sum / count
  }
  return next
}
