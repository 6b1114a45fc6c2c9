// Draws a plotly figure and keeps it: what changes is drawn into the one that is there, with the theme's colours.

const idle = window.requestIdleCallback ?? ((action) => setTimeout(action, 100))
const UNREADABLE = "The part that draws figures could not be read from the server: reload the page."

class Figure {
  constructor(root) {
    const element = root.querySelector(".emoviz-figure")
    this.element = element
    this.closed = false
    this.drawings = 0 // that are under way
    this.draw = this.draw.bind(this)
    this.sizes = new ResizeObserver(this.draw)
    // The theme's colours come as properties of the page; a change of the text's is seen as the end of its transition.
    element.addEventListener("transitionend", (event) => event.target === element && this.draw())
  }

  async update({ data, setStateValue }) {
    this.tell = setStateValue
    this.data = data
    this.element.style.minHeight = `${data.height}px`
    try {
      this.plotly = await library(data.script)
    } catch {
      this.element.textContent = UNREADABLE
      return
    }
    // What is seen comes first, what stands further down once the browser has nothing else to do.
    if (this.element.getBoundingClientRect().top < window.innerHeight) inTurn(() => this.begin())
    else idle(() => inTurn(() => this.begin()))
  }

  begin() {
    const before = this.drawn
    this.draw()
    if (!this.closed) this.sizes.observe(this.element)
    return this.drawn !== before
  }

  draw() {
    const { spec, lasso, select } = this.data
    const room = this.element.clientWidth
    if (this.closed || !this.plotly || !room) return
    const width = Math.max(room, this.leastWidth(spec))
    const theme = themeOf(this.element)
    const wanted = [spec, width, ...Object.values(theme)]
    if (wanted.every((value, place) => value === this.drawn?.[place])) return // most runs of a page change nothing here
    const first = !this.drawn
    this.drawn = wanted
    const { data, layout } = JSON.parse(spec)
    for (const trace of data) if (trace.customdata?.columns) trace.customdata = unpacked(trace.customdata.columns)
    const { title } = layout
    const config = { displayModeBar: lasso, displaylogo: false, doubleClick: false }
    if (lasso) config.modeBarButtons = [["lasso2d", "zoom2d", "pan2d", "resetScale2d"]]
    const heading = title?.text ? { ...title, text: `<b>${title.text}</b>` } : title
    const margin = marginOf(layout, data, width, theme.font)
    const drawing = { ...layout, width, margin, title: heading, template: template(theme) }
    this.element.emovizPrinted = () => ({ data, layout: { ...drawing, template: template({ ...theme, ...PAPER }) } })
    this.drawings += 1
    this.plotly.react(this.element, data, drawing, config).then(() => (this.drawings -= 1))
    if (first && select) {
      this.element.on("plotly_selected", (event) => event && this.choose(event.points))
      this.element.on("plotly_deselect", () => this.choose([]))
    }
  }

  // A figure that would be too narrow for its texts is scrolled sideways, by the keyboard too.
  leastWidth(spec) {
    if (this.measured?.spec !== spec) this.measured = { spec, least: JSON.parse(spec).layout.meta?.least ?? 0 }
    const { least } = this.measured
    if (least > this.element.clientWidth) this.element.tabIndex = 0
    else this.element.removeAttribute("tabindex")
    return least
  }

  choose(points) {
    if (this.drawings) return // plotly says so too when a lasso's outline goes because it draws anew
    this.tell("points", points.map((point) => point.customdata))
  }

  close() {
    this.closed = true
    this.sizes.disconnect()
    this.plotly?.purge(this.element)
  }
}

let turns = Promise.resolve()

// Begins figures one after the other, and lets the browser show each that was drawn before the next one.
function inTurn(begin) {
  turns = turns.then(() => begin() && new Promise((shown) => setTimeout(shown))).catch(reportError)
}

// Plotly's part, which the page brings along or else is asked for once per tab.
function library(url) {
  if (window.emovizPlotly) return window.emovizPlotly
  window.emovizReading ??= read(url).catch((error) => {
    window.emovizReading = undefined // the next figure tries again
    throw error
  })
  return window.emovizReading
}

async function read(url) {
  const script = document.createElement("script")
  script.src = url
  await new Promise((done, failed) => {
    script.onload = done
    script.onerror = failed
    document.head.append(script)
  })
  return window.emovizPlotly
}

const WHOLE = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }

// The texts of every point, from each text once per column and the places of the points' own.
function unpacked(columns) {
  const read = columns.map(({ texts, places, bytes }) => {
    if (!places) return texts
    const whole = new WHOLE[bytes](Uint8Array.from(atob(places), (letter) => letter.charCodeAt(0)).buffer)
    return Array.from(whole, (place) => texts[place])
  })
  return read[0].map((_, row) => read.map((texts) => texts[row]))
}

function themeOf(element) {
  const style = getComputedStyle(element)
  const [background, font, faint] = ["background-color", "font", "border-color"].map(
    (name) => style.getPropertyValue(`--st-${name}`).trim())
  const soft = style.color.replace("rgb(", "rgba(").replace(")", ", 0.7)")
  return { text: style.color, soft, faint, background, font }
}

// A saved picture is for paper, however dark the page is.
const PAPER = {
  text: "rgb(27, 31, 36)", soft: "rgba(27, 31, 36, 0.8)", faint: "rgba(27, 31, 36, 0.2)", background: "white",
}

// What a figure does not say itself.
function template({ text, background, font, faint, soft }) {
  const axis = {
    automargin: true, gridcolor: faint, zerolinecolor: faint, tickcolor: faint,
    tickfont: { color: soft }, title: { font: { color: soft, size: 14 } },
  }
  return {
    layout: {
      font: { family: font, size: 12, color: soft },
      title: { font: { size: 16, color: text }, pad: { l: 4 }, xanchor: "left", x: 0 },
      paper_bgcolor: background,
      plot_bgcolor: background,
      margin: { l: 0, r: 0, pad: 8 },
      legend: { font: { color: text }, valign: "top" },
      hoverlabel: { bgcolor: background, bordercolor: faint, font: { color: text, family: font } },
      xaxis: { ...axis, showgrid: false, zeroline: false },
      yaxis: axis,
      coloraxis: { colorbar: { outlinewidth: 0, tickfont: { color: soft }, title: { font: { color: soft } } } },
    },
    data: { scatter: [{ marker: { line: { width: 0 } } }], heatmap: [{ colorbar: { outlinewidth: 0 } }] },
  }
}

const BESIDE = 9.5 // pixels that plotly leaves between an axis and its labels, at this pad
const LEAST = 64 // pixels of a drawing's width that plotly leaves beside any margins
const TICK = 6 // pixels of a mark at a label, which only heatmaps have unless they say otherwise

// A figure's margin, with room for the labels of its axes at the left and below. Plotly finds what they need, too, but
// by drawing the figure twice.
function marginOf({ margin, ...layout }, data, width, family) {
  const room = { ...margin }
  const around = Math.min(12, margin?.r ?? 0, margin?.t ?? 0) // as plotly has it
  for (const [name, axis] of Object.entries(layout).filter(([name]) => /^[xy]axis/.test(name))) {
    const { side = { x: "bottom", y: "left" }[name[0]], title, tickfont, showticklabels = true } = axis
    const crossed = layout[(axis.anchor ?? "").replace(/^[xy]/, "$&axis")]
    const within = crossed?.domain?.[0] > 0 // not at the figure's edge
    if (axis.visible === false || axis.automargin === false || !(side in { bottom: 0, left: 0 }) || within) continue
    const size = tickfont?.size ?? 12
    const upright = side === "left" || axis.tickangle === -90
    const levels = showticklabels ? labelsOf(name, axis, data) : []
    const depths = levels.map((labels) => Math.max(...labels.map((label) => extent(label, size, family, upright))))
    const ticks = axis.ticks !== "" && data.some(({ type }) => type === "heatmap") ? TICK : 0
    const named = title ? 0.7 * (title.font?.size ?? 14) + (title.standoff ?? 0) : 0
    const depth = depths.reduce((sum, depth) => sum + depth + BESIDE, around + ticks + named)
    const beside = LEAST + (margin?.r ?? 0)
    if (depth < width - beside) room[side[0]] = Math.max(room[side[0]] ?? 0, Math.ceil(depth)) // else plotly gives way
  }
  return room
}

// The labels of an axis, level by level; of numbers, whose labels plotly chooses, one that is as high.
function labelsOf(name, { ticktext }, data) {
  if (ticktext) return ticktext.length ? [ticktext] : []
  const along = name[0]
  const drawn = data.filter((trace) => (trace[`${along}axis`] ?? along) === name.replace("axis", ""))
  const values = drawn.map((trace) => trace[along]).filter(Array.isArray)
  if (Array.isArray(values[0]?.[0])) return values[0].toReversed() // inner and outer categories
  const labels = new Set(values.flat().filter((value) => typeof value === "string"))
  if (labels.size) return [[...labels]]
  return along === "x" ? [["0"]] : []
}

const canvas = document.createElement("canvas").getContext("2d")

// How far a label reaches away from its axis, in pixels.
function extent(label, size, family, upright) {
  const lines = String(label).split("<br>")
  if (!upright) return 1.3 * size * lines.length
  canvas.font = `${size}px ${family}`
  return Math.max(...lines.map((line) => canvas.measureText(line.replace(/<[^>]*>/g, "")).width))
}

export default mounted(Figure)
