// A lane with what belongs to it: its values as they arrive, its element, its values at one moment, its axes.

// A lane with its values; one whose values are the same keeps what was made of them.
async function loaded(sent, before) {
  const told = JSON.stringify(sent)
  if (before?.told === told) return before
  const lane = { ...sent, told, curves: sent.curves.map((curve) => ({ ...curve })) }
  const sameHead = before && headOf(before) === headOf(lane)
  if (sameHead) lane.element = before.element
  const content = sent.url ? await contentOf(sent.url) : new ArrayBuffer(0)
  const values = new Float32Array(content, 0, sent.values)
  const part = (place) => (place ? values.subarray(place[0], place[0] + place[1]) : null)
  for (const curve of lane.curves) {
    Object.assign(curve, { values: part(curve.values), pale: part(curve.pale), alone: part(curve.alone) })
    const [low, high] = [part(curve.low), part(curve.high)]
    if (lane.kind !== "sound") curve.pyramid = new Pyramid(curve.values)
    curve.band = low && new Pyramid(low, high)
  }
  lane.gaps = part(sent.gaps)
  lane.empty = part(sent.empty)
  const labels = new TextDecoder().decode(new Uint8Array(content, 4 * sent.values)).split("\n")
  const bars = part(sent.bars)
  lane.bars = labels.slice(0, bars.length / 3).map((label, i) =>
    ({ start: bars[3 * i], end: bars[3 * i + 1], row: bars[3 * i + 2], label }))
  lane.spills = lane.rows.length === 1 && lane.kind === "bars"
  lane.image = sent.picture ? await imageOf(sent.picture) : null
  if (lane.element) lane.canvas = lane.element.querySelector("canvas")
  if (lane.element) lane.readings = [...lane.element.querySelectorAll(".value b")]
  return lane
}

// What the header of a lane is made of.
function headOf({ title, unit, curves }) {
  return JSON.stringify([title, unit, curves.map(({ name, colour, said }) => [name, colour, said])])
}

async function contentOf(url) {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  return answer.arrayBuffer()
}

async function imageOf(url) {
  const image = new Image()
  image.src = url
  await image.decode()
  return image
}

// The row of a lane: its title, which folds it, the values at the present moment, and its drawing.
function laneElement(lane, fold) {
  const element = Object.assign(document.createElement("div"), { className: `lane ${lane.kind}` })
  element.dataset.lane = lane.key
  const head = Object.assign(document.createElement("div"), { className: "head" })
  const button = Object.assign(document.createElement("button"), { textContent: lane.title, title: "Fold or open this lane" })
  button.addEventListener("click", fold)
  head.append(button)
  if (lane.unit) head.append(Object.assign(document.createElement("span"), { className: "unit", textContent: lane.unit }))
  const names = lane.kind === "bars" ? [{ name: "" }] : lane.curves
  lane.readings = names.map(({ name, colour, said, dash, band }) => {
    const banded = band && lane.kind === "curves" ? " banded" : ""
    const value = Object.assign(document.createElement("span"), { className: `value${banded}`, title: said ?? "" })
    if (colour && !["sound", "signed", "rows"].includes(lane.kind)) {
      const sign = Object.assign(document.createElement("i"), { className: dash ?? "" })
      sign.style.color = colour
      value.append(sign)
    }
    const reading = document.createElement("b")
    value.append(name ? `${name} ` : "", reading)
    value.dataset.name = name
    head.append(value)
    return reading
  })
  lane.canvas = document.createElement("canvas")
  lane.canvas.setAttribute("role", "img")
  const shown = lane.curves.map((curve) => curve.name).join(", ")
  lane.canvas.ariaLabel = `${lane.title} over time${shown ? `: ${shown}` : ""}; the table is in the row beneath`
  element.append(head, lane.canvas)
  return element
}

// Write the values of a lane at a moment, and return why some have none.
function readLane(lane, time) {
  if (lane.kind === "bars") setText(lane.readings[0], lane.bars.filter(({ start, end }) => start <= time && time < end)
    .map(({ label, row }) => (lane.rows.length > 1 && label !== lane.rows[row] ? `${lane.rows[row]}: ${label}` : label)).join(", "))
  lane.curves.forEach((curve, place) => {
    const row = Math.round((time - lane.start) / lane.step)
    const near = Math.min(Math.max(row, 0), curve.values.length - 1)
    const value = Math.abs(row - near) <= 1 ? curve.values[near] : NaN
    let text = Number.isFinite(value) ? number(value) : "–"
    if (curve.band && lane.kind === "curves" && Number.isFinite(value)) {
      const { low, high } = curve.band.levels[0]
      text += ` [${number(low[near])}, ${number(high[near])}]`
    }
    setText(lane.readings[place], text)
  })
  const found = []
  for (let i = 0; i < lane.gaps.length; i += 3)
    if (lane.gaps[i] <= time && time < lane.gaps[i + 1]) found.push(lane.reasons[lane.gaps[i + 2]])
  return found
}

function drawLane(pen, lane, scale, theme, film) {
  pen.font = FONT
  pen.textBaseline = "middle"
  pen.textAlign = "left"
  lane.shown = (where) => (lane.image ? stripOf(lane, where) : film.strip(where))
  drawGaps(pen, lane, scale, theme)
  DRAW[lane.kind](pen, lane, scale, theme)
}

// Pictures of some moments side by side, or one that is stretched over the lane's time.
function stripOf(lane, scale) {
  const { image, times } = lane
  if (!times.length) return [{ picture: image, from: lane.start, to: lane.start + lane.step, sx: 0, sw: image.width }]
  const wide = image.width / times.length
  const half = ((wide / image.height) * scale.height * scale.perPixel) / 2
  let reached = -Infinity
  return times.map((time, i) => ({ picture: image, from: time - half, to: time + half, sx: i * wide, sw: wide }))
    .filter(({ from, to }) => from >= reached - half * 0.2 && (reached = to))
}

function drawNumbers(pen, lane, scale, theme) {
  if (!["curves", "stack", "signed"].includes(lane.kind) && !lane.image) return
  if (lane.times.length) return
  pen.font = FONT
  pen.fillStyle = theme.ink
  pen.textAlign = "right"
  pen.textBaseline = "middle"
  const [low, high] = lane.range
  for (const value of low < 0 ? [low, 0, high] : [low, high]) {
    const y = Math.min(Math.max(scale.y(value), 8), scale.height - 8)
    pen.fillText(Number.isInteger(value) ? String(value).replace("-", "−") : brief(value), GUTTER - 5, y)
  }
}

function drawTitle(pen, lane, theme) {
  pen.textAlign = "left"
  let x = 0
  const write = (text, colour) => {
    pen.fillStyle = colour
    pen.fillText(text, x, 10)
    x += text.length * LETTER + 10
  }
  write(lane.title + (lane.unit ? ` (${lane.unit})` : ""), theme.ink)
  if (["curves", "stack"].includes(lane.kind)) for (const curve of lane.curves) write(`■ ${curve.name}`, curve.colour)
}

function drawAxis(pen, scale, theme) {
  pen.font = FONT
  pen.fillStyle = theme.ink
  pen.textBaseline = "middle"
  pen.textAlign = "center"
  const least = (90 * (scale.to - scale.from)) / scale.width
  const step = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200].find((one) => one >= least) ?? 14400
  const digits = step < 0.1 ? 2 : step < 1 ? 1 : 0
  for (let k = Math.ceil(scale.from / step); k * step <= scale.to; k++) {
    const x = scale.x(k * step)
    pen.fillRect(x, 0, 1, 4)
    pen.fillText(clockOf(k * step, digits), Math.min(Math.max(x, scale.left + 14), scale.left + scale.width - 22), 12)
  }
}

// The strongest emotion of each pixel, as a strip of colours.
function drawStrongest(pen, lane, scale, down) {
  const levels = lane.curves.map((curve) => curve.pyramid.at(scale.perPixel / lane.step))
  const [first, last] = entriesIn(lane, levels[0], scale.from, scale.to)
  const width = (lane.step * levels[0].size) / scale.perPixel + 0.5
  for (let i = first; i <= last; i++) {
    let best = -1
    levels.forEach(({ mean }, place) => mean[i] === mean[i] && (best < 0 || mean[i] > levels[best].mean[i]) && (best = place))
    if (best < 0) continue
    pen.fillStyle = lane.curves[best].colour
    pen.fillRect(scale.x(timeOf(lane, levels[0], i)) - width / 2, down, width, scale.height)
  }
}

// A canvas of a height in pixels, as wide as it is shown, empty.
function fresh(canvas, height) {
  const ratio = window.devicePixelRatio || 1
  const [wide, high] = [Math.round(canvas.clientWidth * ratio), Math.round(height * ratio)]
  if (canvas.style.height !== `${height}px`) canvas.style.height = `${height}px`
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high })
  const pen = canvas.getContext("2d")
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  pen.clearRect(0, 0, canvas.clientWidth, height)
  return pen
}

function save(svg, width, height, filename, format) {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }))
  const give = (href, after) => {
    Object.assign(document.createElement("a"), { href, download: `${filename}.${format}` }).click()
    setTimeout(() => after.forEach((one) => URL.revokeObjectURL(one)), 10_000)
  }
  if (format === "svg") return give(url, [url])
  imageOf(url).then((image) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * height })
    canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height)
    canvas.toBlob((blob) => {
      const picture = URL.createObjectURL(blob)
      give(picture, [url, picture])
    })
  })
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

// A number of two or three digits as all pages write it, e.g. −.25.
function number(value) {
  return value.toFixed(2).replace(/^-0\.00$/, "0.00").replace(/^(-?)0\./, "$1.").replace("-", "−")
}

function brief(value) {
  return String(Number(value.toPrecision(2))).replace(/^(-?)0\./, "$1.").replace("-", "−")
}

function clockOf(seconds, digits = 1) {
  if (seconds < 60) return `${seconds.toFixed(digits)} s`
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60]
  const tail = rest.toFixed(digits).padStart(digits ? digits + 3 : 2, "0")
  return minutes < 60 ? `${minutes}:${tail}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${tail}`
}
