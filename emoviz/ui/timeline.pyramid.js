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

// The least and largest values and the means of each pixel across, not a number in gaps. Pixels are boxes that a pen fills
// many times as fast as it strokes a line that goes up and down in each of them.
function columnsOf(lane, pyramid, scale, from = scale.from, to = scale.to) {
  const width = Math.ceil(scale.width)
  const found = { low: new Float32Array(width).fill(NaN), high: new Float32Array(width).fill(NaN), mean: new Float32Array(width) }
  const count = new Uint16Array(width)
  const level = pyramid.at(scale.perPixel / lane.step)
  const [first, last] = entriesIn(lane, level, Math.max(from, scale.from), Math.min(to, scale.to))
  for (let i = first; i <= last; i++) {
    const time = timeOf(lane, level, i)
    const place = Math.floor((time - scale.from) / scale.perPixel)
    if (place < 0 || place >= width || time < from || time > to || level.low[i] !== level.low[i]) continue
    if (!(found.low[place] <= level.low[i])) found.low[place] = level.low[i]
    if (!(found.high[place] >= level.high[i])) found.high[place] = level.high[i]
    found.mean[place] += level.mean[i]
    count[place] += 1
  }
  for (let place = 0; place < width; place++) found.mean[place] /= count[place]
  return found
}

// Whether a pixel stands for several values, so that columns are drawn and not lines, whose dashes tell sources apart.
function isDense(lane, scale) {
  return scale.perPixel >= 3 * lane.step
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
