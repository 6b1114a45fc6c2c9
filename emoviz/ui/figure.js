// Draws a plotly figure and keeps it: what changes is drawn into the one that is there, with the theme's colours.

const figures = new WeakMap()
const idle = window.requestIdleCallback ?? ((action) => setTimeout(action, 100))
const UNREADABLE = "The part that draws figures could not be read from the server: reload the page."

export default function (component) {
  const root = component.parentElement
  let figure = figures.get(root)
  if (!figure) {
    figure = new Figure(root.querySelector(".emoviz-figure"))
    figures.set(root, figure)
  }
  figure.update(component)
  return () => {
    figure.close()
    figures.delete(root)
  }
}

class Figure {
  constructor(element) {
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
    if (data.spec) this.element.style.minHeight = `${data.height}px`
    try {
      this.plotly = await library(data.script)
    } catch {
      if (data.spec) this.element.textContent = UNREADABLE
      return
    }
    if (!data.spec) return // this one was for reading plotly ahead
    // What is seen comes first, what stands further down once the browser has nothing else to do.
    if (this.drawn || this.element.getBoundingClientRect().top < window.innerHeight) this.begin()
    else idle(() => this.begin())
  }

  begin() {
    this.draw()
    this.sizes.observe(this.element)
  }

  draw() {
    const { spec, lasso, select } = this.data
    const width = this.element.clientWidth
    if (this.closed || !spec || !this.plotly || !width) return
    const theme = themeOf(this.element)
    const wanted = [spec, width, ...Object.values(theme)]
    if (wanted.every((value, place) => value === this.drawn?.[place])) return // most runs of a page change nothing here
    document.documentElement.style.setProperty("--emoviz-accent", theme.accent) // for the row beneath, too
    const first = !this.drawn
    this.drawn = wanted
    const { data, layout } = JSON.parse(spec)
    const { title } = layout
    const config = { displayModeBar: lasso, displaylogo: false, doubleClick: false }
    if (lasso) config.modeBarButtons = [["lasso2d", "zoom2d", "pan2d", "resetScale2d"]]
    const heading = title?.text ? { ...title, text: `<b>${title.text}</b>` } : title
    const drawing = { ...layout, width, title: heading, template: template(theme) }
    this.drawings += 1
    this.plotly.react(this.element, data, drawing, config).then(() => (this.drawings -= 1))
    if (first && select) {
      this.element.on("plotly_selected", (event) => event && this.choose(event.points))
      this.element.on("plotly_deselect", () => this.choose([]))
    }
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

// Saves a figure as a picture; what drew it does it, so no network is needed. Listens once per tab.
window.emovizSaving ??= document.addEventListener("click", ({ target }) => {
  const format = target.closest?.(".emoviz-pictures button")?.dataset.format
  if (!format) return
  const { figure, name } = target.closest(".emoviz-pictures").dataset
  const plot = document.querySelector(`.st-key-${figure} .js-plotly-plot`)
  const plotly = plot.closest("[data-testid=stPlotlyChart]") ? window.Plotly : window.emovizPlotly
  const { data, layout } = plot
  const size = { width: plot.offsetWidth, height: plot.offsetHeight, scale: format === "png" ? 2 : 1 }
  plotly.downloadImage({ data, layout, config: {} }, { format, filename: name, ...size })
}) ?? true

// Once per tab.
function library(url) {
  window.emovizReading ??= read(url).catch((error) => {
    window.emovizReading = undefined // the next figure tries again
    throw error
  })
  return window.emovizReading
}

async function read(url) {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(answer.statusText)
  const source = new Response(answer.body.pipeThrough(new DecompressionStream("gzip")))
  const script = document.createElement("script")
  script.src = URL.createObjectURL(new Blob([await source.arrayBuffer()], { type: "text/javascript" }))
  await new Promise((done, failed) => {
    script.onload = done
    script.onerror = failed
    document.head.append(script)
  })
  URL.revokeObjectURL(script.src)
  return window.emovizPlotly
}

function themeOf(element) {
  const style = getComputedStyle(element)
  const [background, font, faint, accent] = ["background-color", "font", "border-color", "primary-color"].map(
    (name) => style.getPropertyValue(`--st-${name}`).trim())
  const soft = style.color.replace("rgb(", "rgba(").replace(")", ", 0.7)")
  return { text: style.color, soft, faint, accent, background, font }
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
