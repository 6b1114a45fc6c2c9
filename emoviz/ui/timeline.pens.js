// How each kind of lane is drawn with a pen, that of a canvas or that of an SVG file.

const PALE = 0.35 // opacity of curves where a recording is unlike what their model was trained on
const DASHES = { solid: [], dash: [6, 4], dot: [2, 3] }
const FONT = "12px system-ui, sans-serif"
const LETTER = 6.6 // pixels of a letter

// Where times and values stand: pixels from the left, and from the top of a lane.
class Scale {
  constructor([from, to], left, width, height, [low, high] = [0, 1]) {
    Object.assign(this, { from, to, left, width, height, low, high })
    this.perPixel = (to - from) / width
  }

  x(time) {
    return this.left + (time - this.from) / this.perPixel
  }

  y(value) {
    return 3 + (this.height - 6) * (1 - (value - this.low) / (this.high - this.low))
  }
}

// The first and the last entry of a level within a stretch of time, and one more on either side.
function entriesIn(lane, level, from, to) {
  const length = lane.step * level.size
  const first = Math.floor((from - lane.start + lane.step / 2) / length) - 1
  const last = Math.ceil((to - lane.start + lane.step / 2) / length) + 1
  return [Math.max(0, first), Math.min(level.low.length - 1, last)]
}

function timeOf(lane, level, i) {
  return lane.start + ((i + 0.5) * level.size - 0.5) * lane.step
}

const DRAW = {
  curves(pen, lane, scale, theme) {
    for (const value of lane.range[0] < 0 ? [-1, 0, 1] : [0, 1]) ruler(pen, scale, value, theme)
    for (const curve of lane.curves) if (curve.band) fillBand(pen, lane, curve, scale)
    for (const curve of lane.curves) {
      const usual = { alpha: curve.opacity, width: curve.width, dash: DASHES[curve.dash] }
      for (const [from, to, look] of parts(curve, scale)) {
        const seen = { pale: { ...usual, alpha: PALE * curve.opacity }, alone: { ...usual, width: 1, dash: DASHES.dot } }
        strokeCurve(pen, lane, curve, scale, from, to, seen[look] ?? usual)
      }
    }
  },

  stack(pen, lane, scale, theme) {
    if (isDense(lane, scale)) stackColumns(pen, lane, scale)
    else stackShapes(pen, lane, scale)
    pen.globalAlpha = 1 - PALE
    pen.fillStyle = theme.paper
    for (const [from, to] of pairs(lane.curves[0]?.pale)) box(pen, scale, from, to)
    pen.globalAlpha = 1
    for (const value of [0, 1]) ruler(pen, scale, value, theme)
  },

  sound(pen, lane, scale) {
    for (const curve of lane.curves) {
      pen.fillStyle = curve.colour
      if (isDense(lane, scale)) {
        fillColumns(pen, scale, columnsOf(lane, curve.band, scale), 1)
        continue
      }
      const [level] = curve.band.levels
      const [first, last] = entriesIn(lane, level, scale.from, scale.to)
      const width = Math.max(1, lane.step / scale.perPixel)
      for (let i = first; i <= last; i++) {
        const top = scale.y(level.high[i])
        pen.fillRect(scale.x(timeOf(lane, level, i)) - width / 2, top, width, Math.max(1, scale.y(level.low[i]) - top))
      }
    }
  },

  signed(pen, lane, scale, theme) {
    const [curve] = lane.curves
    const level = curve.pyramid.at(scale.perPixel / lane.step)
    const [first, last] = entriesIn(lane, level, scale.from, scale.to)
    const width = Math.max(1, (lane.step * level.size) / scale.perPixel - 1)
    for (const [side, colour] of [["low", lane.colours[0]], ["high", lane.colours[1]]]) {
      pen.fillStyle = colour
      pen.beginPath()
      for (let i = first; i <= last; i++) {
        const value = level[side][i]
        if (side === "low" ? value < 0 : value > 0) {
          const y = scale.y(Math.max(value, 0))
          pen.rect(scale.x(timeOf(lane, level, i)) - width / 2, y, width, scale.y(Math.min(value, 0)) - y)
        }
      }
      pen.fill()
    }
    ruler(pen, scale, 0, theme)
  },

  rows(pen, lane, scale) {
    const height = scale.height / lane.curves.length
    lane.curves.forEach((curve, row) => {
      const level = curve.pyramid.at(scale.perPixel / lane.step)
      const [first, last] = entriesIn(lane, level, scale.from, scale.to)
      const width = (lane.step * level.size) / scale.perPixel + 0.5
      for (let i = first; i <= last; i++) {
        if (level.high[i] !== level.high[i]) continue
        pen.fillStyle = colourAt(lane.colours, level.high[i] / lane.range[1])
        pen.fillRect(scale.x(timeOf(lane, level, i)) - width / 2, row * height, width, height - 1)
      }
    })
  },

  bars(pen, lane, scale, theme) {
    const height = scale.height / Math.max(1, lane.rows.length)
    const written = lane.rows.map(() => -Infinity) // the pixel up to which a row holds text
    const drawn = lane.rows.map(() => -Infinity)
    for (const { start, end, row, label } of lane.bars) {
      if (end < scale.from || start > scale.to) continue
      const [x, stop] = [Math.max(scale.x(start), scale.left), scale.x(end)]
      if (stop < drawn[row] + 0.5) continue // of many in a pixel one is seen
      drawn[row] = stop
      pen.globalAlpha = 0.4
      pen.fillStyle = lane.colours[row]
      pen.fillRect(x, row * height + 2, Math.max(1, stop - x - 1), height - 4)
      pen.globalAlpha = 1
      if (x < written[row] || (!lane.spills && stop - x < label.length * LETTER)) continue
      pen.fillStyle = theme.ink
      pen.fillText(label, x + 3, row * height + height / 2)
      written[row] = x + 3 + label.length * LETTER + 4
    }
  },

  pictures(pen, lane, scale) {
    for (const { picture, from, to, sx, sw } of lane.shown?.(scale) ?? []) {
      const x = scale.x(from)
      pen.drawImage(picture, sx, 0, sw, picture.height, x, 0, scale.x(to) - x, scale.height)
    }
  },
}

// Emotions as shapes on top of each other.
function stackShapes(pen, lane, scale) {
  const levels = lane.curves.map((curve) => curve.pyramid.at(scale.perPixel / lane.step))
  const [first, last] = entriesIn(lane, levels[0], scale.from, scale.to)
  const base = new Float32Array(Math.max(0, last - first + 1))
  lane.curves.forEach((curve, place) => {
    const { mean } = levels[place]
    pen.fillStyle = curve.colour
    for (const [begin, end] of runsOf(mean, first, last)) {
      const at = (i) => scale.x(timeOf(lane, levels[place], i))
      pen.beginPath()
      for (let i = begin; i <= end; i++) pen.lineTo(at(i), scale.y(base[i - first] + mean[i]))
      for (let i = end; i >= begin; i--) pen.lineTo(at(i), scale.y(base[i - first]))
      pen.fill()
    }
    for (let i = first; i <= last; i++) base[i - first] += mean[i] || 0
  })
}

// The same with a box in each pixel, each emotion on top of those before.
function stackColumns(pen, lane, scale) {
  const base = new Float32Array(Math.ceil(scale.width))
  for (const curve of lane.curves) {
    const { mean } = columnsOf(lane, curve.pyramid, scale)
    pen.fillStyle = curve.colour
    for (let place = 0; place < mean.length; place++) {
      if (mean[place] !== mean[place]) continue
      const y = scale.y(base[place] + mean[place])
      pen.fillRect(scale.left + place, y, 1, scale.y(base[place]) - y)
      base[place] += mean[place]
    }
  }
}

function ruler(pen, scale, value, theme) {
  pen.globalAlpha = value === 0 ? 0.8 : 0.25
  pen.fillStyle = theme.grey
  pen.fillRect(scale.left, scale.y(value) - 0.5, scale.width, 1)
  pen.globalAlpha = 1
}

function box(pen, scale, from, to) {
  const [left, right] = [Math.max(scale.x(from), scale.left), Math.min(scale.x(to), scale.left + scale.width)]
  if (right > left) pen.fillRect(left, 0, Math.max(1, right - left), scale.height)
}

// Grey where no curve of a lane has a value, and a strip at the bottom where one has none.
function drawGaps(pen, lane, scale, theme) {
  pen.fillStyle = theme.grey
  pen.globalAlpha = 0.22
  for (const [from, to] of pairs(lane.empty)) box(pen, scale, from, to)
  pen.globalAlpha = 1
}

// A box in each pixel from the least to the largest value, which reaches those of the pixel before.
function fillColumns(pen, scale, { low, high }, thick) {
  for (let place = 0; place < low.length; place++) {
    if (low[place] !== low[place]) continue
    const [least, largest] = [low[place - 1], high[place - 1]]
    const bottom = largest < low[place] ? largest : low[place] // neither, where a gap comes before
    const top = least > high[place] ? least : high[place]
    const y = scale.y(top) - thick / 2
    pen.fillRect(scale.left + place, y, 1, scale.y(bottom) + thick / 2 - y)
  }
}

function strokeCurve(pen, lane, curve, scale, from, to, { alpha, width, dash }) {
  if (isDense(lane, scale)) {
    pen.fillStyle = curve.colour
    pen.globalAlpha = alpha
    fillColumns(pen, scale, columnsOf(lane, curve.pyramid, scale, from, to), width)
    pen.globalAlpha = 1
    return
  }
  const level = curve.pyramid.at(scale.perPixel / lane.step)
  const [first, last] = entriesIn(lane, level, Math.max(from, scale.from), Math.min(to, scale.to))
  pen.beginPath()
  let open = false
  for (let i = first; i <= last; i++) {
    const [low, high] = [level.low[i], level.high[i]]
    if (low !== low) {
      open = false
      continue
    }
    const x = scale.x(timeOf(lane, level, i))
    if (open) pen.lineTo(x, scale.y(high))
    else pen.moveTo(x, scale.y(high))
    if (high !== low) pen.lineTo(x, scale.y(low))
    open = true
  }
  pen.strokeStyle = curve.colour
  pen.globalAlpha = alpha
  pen.lineWidth = width
  pen.setLineDash(dash)
  pen.stroke()
  pen.setLineDash([])
  pen.globalAlpha = 1
}

function fillBand(pen, lane, curve, scale) {
  if (isDense(lane, scale)) {
    pen.fillStyle = curve.colour
    pen.globalAlpha = 0.13
    const { low, high } = columnsOf(lane, curve.band, scale)
    for (let place = 0; place < low.length; place++) {
      if (low[place] === low[place])
        pen.fillRect(scale.left + place, scale.y(high[place]), 1, scale.y(low[place]) - scale.y(high[place]))
    }
    pen.globalAlpha = 1
    return
  }
  const level = curve.band.at(scale.perPixel / lane.step)
  const [first, last] = entriesIn(lane, level, scale.from, scale.to)
  pen.fillStyle = curve.colour
  pen.globalAlpha = 0.13
  for (const [begin, end] of runsOf(level.low, first, last)) {
    pen.beginPath()
    for (let i = begin; i <= end; i++) pen.lineTo(scale.x(timeOf(lane, level, i)), scale.y(level.high[i]))
    for (let i = end; i >= begin; i--) pen.lineTo(scale.x(timeOf(lane, level, i)), scale.y(level.low[i]))
    pen.fill()
  }
  pen.globalAlpha = 1
}

// The stretches of a curve that are seen, each with its look; what is closer than a pixel is drawn as one.
function parts(curve, scale) {
  const marked = [["pale", curve.pale], ["alone", curve.alone]].flatMap(([look, spans]) =>
    pairs(spans).filter(([from, to]) => to > scale.from && from < scale.to && to - from > scale.perPixel)
      .map(([from, to]) => [from, to, look])).sort((one, other) => one[0] - other[0])
  const found = []
  let reached = scale.from
  for (const [from, to, look] of marked) {
    if (from > reached) found.push([reached, from, ""])
    if (to > reached) found.push([Math.max(from, reached), to, look])
    reached = Math.max(reached, to)
  }
  if (reached < scale.to) found.push([reached, scale.to, ""])
  return found
}

function runsOf(values, first, last) {
  const found = []
  let begin = null
  for (let i = first; i <= last + 1; i++) {
    const here = i <= last && values[i] === values[i]
    if (here && begin === null) begin = i
    if (!here && begin !== null) {
      found.push([begin, i - 1])
      begin = null
    }
  }
  return found
}

function pairs(values) {
  const found = []
  for (let i = 0; i + 1 < (values?.length ?? 0); i += 2) found.push([values[i], values[i + 1]])
  return found
}

// A colour of a scale of some colours, by a share from 0 to 1.
function colourAt(colours, share) {
  const place = Math.min(Math.max(share, 0), 1) * (colours.length - 1)
  const below = Math.min(Math.floor(place), colours.length - 2)
  const mixed = [1, 3, 5].map((at) => {
    const [one, other] = [colours[below], colours[below + 1]].map((colour) => parseInt(colour.slice(at, at + 2), 16))
    return Math.round(one + (place - below) * (other - one)).toString(16).padStart(2, "0")
  })
  return `#${mixed.join("")}`
}
