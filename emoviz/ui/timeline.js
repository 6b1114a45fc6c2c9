// The timeline of a recording on the player's clock: overview, lanes, and the values at the present moment.

const GUTTER = 34 // pixels left of the lanes, with the numbers of their axes
const LEAST = 0.2 // seconds of the shortest part that is shown
const MOVED = 5 // pixels from which a press is a drag
const OFTEN = 66 // milliseconds between two changes of the values that are read off, while the clip plays

class Timeline {
  constructor(root) {
    this.find = (name) => root.querySelector("#" + name)
    this.element = this.find("timeline")
    this.lanes = [] // each with its header, canvas and values
    this.clock = { time: 0, duration: 0, paused: true, span: null }
    this.listeners = new AbortController()
    this.film = new Film(() => this.wake())
    this.sizes = new ResizeObserver(() => this.wake())
    this.sizes.observe(this.element)
    this.listen()
  }

  async update({ data, setTriggerValue }) {
    this.tell = setTriggerValue
    const other = this.data?.recording !== data.recording
    this.data = data
    if (other) {
      window.emovizShows?.(data.recording)
      this.recall()
    }
    if (!this.window || this.window[1] > data.duration + 1e-6) this.window = [0, data.duration]
    this.film.of(data.video)
    this.find("why").hidden = !data.explains
    this.element.classList.toggle("running", data.running)
    const asked = (this.asked = Symbol())
    const known = new Map(this.lanes.map((lane) => [lane.key, lane]))
    const lanes = await Promise.all(data.lanes.map((lane) => loaded(lane, known.get(lane.key)))).catch(() => null)
    if (!lanes || asked !== this.asked) return // other values are under way, for which the server has forgotten these
    this.lanes = lanes
    this.layLanes()
    document.dispatchEvent(new CustomEvent("emoviz:ask"))
    this.wake()
  }

  close() {
    this.asked = null
    this.remember()
    clearTimeout(this.writing)
    cancelAnimationFrame(this.frame)
    this.listeners.abort()
    this.sizes.disconnect()
    this.film.of(null)
  }

  // ---- what is heard

  listen() {
    const on = (target, events, action, options = {}) =>
      events.split(" ").forEach((event) =>
        target.addEventListener(event, action, { ...options, signal: this.listeners.signal }))
    on(document, "emoviz:clock", ({ detail }) => this.follow(detail))
    on(document, "emoviz:picture", ({ detail }) => detail.figure === "timeline" && this.savePicture(detail))
    on(this.element, "keydown", (event) => this.key(event))
    on(this.find("lanes"), "pointerdown", (event) => this.press(event))
    on(this.find("axis"), "pointerdown", (event) => this.press(event))
    on(this.element, "wheel", (event) => this.wheel(event), { passive: false })
    on(this.find("overview"), "pointerdown", (event) => this.pressOverview(event))
    on(this.find("closer"), "click", () => this.zoom(0.5))
    on(this.find("farther"), "click", () => this.zoom(2))
    on(this.find("whole"), "click", () => this.show([0, this.data.duration]))
    on(this.find("why"), "click", () => this.tell("why", { time: this.clock.time, span: this.clock.span }))
  }

  key(event) {
    const { key, altKey, ctrlKey, metaKey, shiftKey } = event
    if (altKey || ctrlKey || metaKey) return
    const inner = event.composedPath()[0]
    const length = this.window[1] - this.window[0]
    const steps = { ArrowLeft: -0.1, ArrowRight: 0.1, PageUp: -1, PageDown: 1 }
    if (key === "+" || key === "=") this.zoom(0.5)
    else if (key === "-") this.zoom(2)
    else if (key === "0") this.show([0, this.data.duration])
    else if ((inner.id === "window" || key.startsWith("Page")) && steps[key]) this.pan(steps[key] * length)
    else if (key === " " && inner.closest("button, summary, input")) return
    else if ([" ", "ArrowLeft", "ArrowRight", "Escape", "l", "L"].includes(key))
      document.dispatchEvent(new CustomEvent("emoviz:key", { detail: { key, shiftKey, composedPath: () => [this.element],
        preventDefault() {} } }))
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  // The page is scrolled by the wheel alone as anywhere; over the overview, which is small, it zooms.
  wheel(event) {
    const across = event.shiftKey ? event.deltaX || event.deltaY : Math.abs(event.deltaX) > Math.abs(event.deltaY) && event.deltaX
    const over = event.composedPath().includes(this.find("overview"))
    if (event.ctrlKey || (over && !across)) this.zoom(Math.exp(event.deltaY * 0.004), over ? undefined : this.timeAt(event))
    else if (across) this.pan((across / this.width) * (this.window[1] - this.window[0]))
    else return
    event.preventDefault()
  }

  press(event) {
    if (event.button !== 0 || event.composedPath()[0].closest("button")) return
    const bounds = this.find("axis").getBoundingClientRect()
    if (event.clientX < bounds.left + GUTTER) return
    const start = this.timeAt(event)
    this.drag(event, (now, dragged, ended) => {
      if (dragged) {
        const end = this.timeAt(now)
        say("span", [Math.min(start, end), Math.max(start, end)])
      } else if (ended) say("seek", start)
    })
  }

  pressOverview(event) {
    const bounds = this.find("overview").getBoundingClientRect()
    const at = ({ clientX }) => ((clientX - bounds.left) / bounds.width) * this.data.duration
    const [from, to] = this.window
    const start = at(event)
    const handle = [...this.find("window").children].indexOf(event.composedPath()[0])
    const inside = start >= from && start <= to && to - from < this.data.duration - 1e-6
    this.drag(event, (now, dragged, ended) => {
      const moved = at(now) - start
      if (dragged && handle === 0) this.show([Math.min(from + moved, to - LEAST), to])
      else if (dragged && handle === 1) this.show([from, Math.max(to + moved, from + LEAST)])
      else if (dragged && inside) this.show([from + moved, to + moved], true)
      else if (dragged) this.show([Math.min(start, at(now)), Math.max(start, at(now))])
      else if (ended && handle < 0) {
        say("seek", start)
        if (!inside) this.show([start - (to - from) / 2, start + (to - from) / 2], true)
      }
    })
  }

  drag(press, step) {
    const release = new AbortController()
    const dragged = (event) => Math.abs(event.clientX - press.clientX) > MOVED
    document.addEventListener("pointermove", (event) => dragged(event) && step(event, true, false), { signal: release.signal })
    const end = (event) => {
      release.abort()
      if (event.type === "pointerup") step(event, dragged(event), true)
    }
    for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, end, { signal: release.signal })
  }

  // ---- what part is shown

  get width() {
    return Math.max(1, this.find("axis").clientWidth - GUTTER)
  }

  timeAt({ clientX }) {
    const [from, to] = this.window
    const share = (clientX - this.find("axis").getBoundingClientRect().left - GUTTER) / this.width
    return from + Math.min(Math.max(share, 0), 1) * (to - from)
  }

  // Zoom around a moment: where the pointer is, or the present one if it is seen, or the middle.
  zoom(by, around) {
    const [from, to] = this.window
    const { time } = this.clock
    const still = around ?? (time >= from && time <= to ? time : (from + to) / 2)
    this.show([still - (still - from) * by, still + (to - still) * by])
  }

  pan(seconds) {
    this.show(this.window.map((time) => time + seconds), true)
  }

  // Show a part; one that is moved keeps its length.
  show([from, to], moved = false) {
    const most = this.data.duration
    const least = Math.min(LEAST, most)
    if (!moved && Math.min(to, most) - Math.max(from, 0) < least) {
      const middle = (from + to) / 2
      return this.show([middle - least / 2, middle + least / 2], true)
    }
    const start = moved ? Math.max(0, Math.min(from, most - (to - from))) : Math.max(0, from)
    this.window = [start, Math.min(most, moved ? start + to - from : to)]
    clearTimeout(this.writing)
    this.writing = setTimeout(() => this.writeWindow(), 400)
    this.wake()
  }

  get isWhole() {
    return this.window[0] <= 0 && this.window[1] >= this.data.duration - 1e-6
  }

  writeWindow() {
    this.remember()
    const url = new URL(window.location.href)
    if (this.isWhole) url.searchParams.delete("zoom")
    else url.searchParams.set("zoom", this.window.map((time) => time.toFixed(2)).join("-"))
    window.history.replaceState(window.history.state, "", url)
  }

  // What is shown of this recording, for the other pages of this tab; how lanes are shown, for all recordings.
  remember() {
    if (!this.data) return
    sessionStorage.setItem(`emoviz-window ${this.data.recording}`, JSON.stringify(this.isWhole ? null : this.window))
    sessionStorage.setItem("emoviz-lanes", JSON.stringify(this.looks ?? {}))
  }

  recall() {
    const linked = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(new URL(window.location.href).searchParams.get("zoom") ?? "")
    this.window = linked?.slice(1).map(Number) ?? JSON.parse(sessionStorage.getItem(`emoviz-window ${this.data.recording}`))
    if (this.window && this.window[1] - this.window[0] < 0.01) this.window = null
    this.looks = JSON.parse(sessionStorage.getItem("emoviz-lanes") ?? "{}")
  }

  // ---- what is drawn

  layLanes() {
    const place = this.find("lanes")
    for (const old of place.querySelectorAll(".lane")) if (!this.lanes.some((lane) => lane.element === old)) old.remove()
    this.lanes.forEach((lane, row) => {
      lane.element ??= laneElement(lane, () => this.look(lane, this.looks[lane.key] === "folded" ? "open" : "folded"))
      const before = place.querySelectorAll(".lane")[row]
      if (before !== lane.element) place.insertBefore(lane.element, before ?? null)
      this.look(lane, this.looks[lane.key] ?? "open", false)
    })
    this.find("shown").replaceChildren(...this.lanes.map((lane) => {
      const label = document.createElement("label")
      const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: this.looks[lane.key] !== "hidden" })
      box.addEventListener("change", () => this.look(lane, box.checked ? "open" : "hidden"))
      label.append(box, lane.title)
      return label
    }))
  }

  look(lane, look, changed = true) {
    if (changed) this.looks[lane.key] = look
    lane.element.dataset.look = look
    lane.element.querySelector("button").ariaExpanded = String(look === "open")
    if (changed) this.remember()
    this.wake()
  }

  wake() {
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame(() => this.draw())
  }

  get theme() {
    const style = getComputedStyle(this.element)
    return { ink: style.getPropertyValue("--st-text-color").trim(), grey: this.data.grey,
      paper: style.getPropertyValue("--st-background-color").trim() }
  }

  draw() {
    if (!this.data || !this.element.clientWidth) return
    const begun = performance.now()
    const theme = this.theme
    const axis = this.find("axis")
    for (const lane of this.lanes) {
      if (lane.element.dataset.look !== "open") continue
      const pen = fresh(lane.canvas, lane.height)
      const scale = new Scale(this.window, GUTTER, this.width, lane.height, lane.range)
      drawNumbers(pen, lane, scale, theme)
      pen.save()
      pen.beginPath()
      pen.rect(GUTTER, 0, this.width, lane.height)
      pen.clip()
      drawLane(pen, lane, scale, theme, this.film)
      pen.restore()
    }
    drawAxis(fresh(axis, 20), new Scale(this.window, GUTTER, this.width, 20), theme)
    this.drawOverview(theme)
    this.mark()
    this.readOff()
    const [from, to] = this.window
    Object.assign(this.element.dataset, { from: from.toFixed(2), to: to.toFixed(2), lanes: this.lanes.length,
      drawn: (performance.now() - begun).toFixed(1) })
    const slider = this.find("window")
    Object.assign(slider, { ariaValueMax: this.data.duration.toFixed(2), ariaValueNow: from.toFixed(2),
      ariaValueText: `${clockOf(from)} to ${clockOf(to)} of ${clockOf(this.data.duration)}` })
  }

  drawOverview(theme) {
    const { duration } = this.data
    const canvas = this.find("overview").querySelector("canvas")
    const width = canvas.clientWidth
    const [from, to] = this.window
    const box = this.find("window")
    box.style.left = `${(from / duration) * 100}%`
    box.style.width = `${((to - from) / duration) * 100}%`
    const drawing = [width, theme.ink, window.devicePixelRatio, ...this.lanes.map((lane) => lane.url)].join()
    if (drawing === this.overviewDrawn) return
    this.overviewDrawn = drawing
    const pen = fresh(canvas, 34)
    const emotions = this.lanes.find((lane) => lane.kind === "stack")
    const sound = this.lanes.find((lane) => lane.kind === "sound")
    const curves = this.lanes.find((lane) => lane.kind === "curves")
    if (sound) DRAW.sound(pen, sound, new Scale([0, duration], 0, width, emotions ? 26 : 34, sound.range), theme)
    else if (curves) DRAW.curves(pen, curves, new Scale([0, duration], 0, width, emotions ? 26 : 34, curves.range), theme)
    if (emotions) drawStrongest(pen, emotions, new Scale([0, duration], 0, width, 8), 26)
  }

  // The present moment and the marked span, over all lanes.
  mark() {
    const { time, span } = this.clock
    const scale = new Scale(this.window, GUTTER, this.width, 1)
    const now = this.find("now")
    const { duration } = this.data
    now.hidden = time < this.window[0] || time > this.window[1]
    now.style.transform = `translateX(${scale.x(time) - 1}px)`
    this.find("overview-now").style.left = `${(time / (duration || 1)) * 100}%`
    const marked = this.find("marked")
    marked.hidden = !span
    if (span) {
      const [from, to] = span.map((side) => scale.x(Math.min(Math.max(side, this.window[0]), this.window[1])))
      marked.style.left = `${from}px`
      marked.style.width = `${Math.max(0, to - from)}px`
    }
    Object.assign(this.element.dataset, { time: time.toFixed(2), span: span ? span.map((side) => side.toFixed(2)).join("-") : "" })
  }

  follow(clock) {
    if (clock.recording !== this.data?.recording) return
    const { time, paused, recording } = clock
    const moved = this.clock.recording === recording && time !== this.clock.time
    this.clock = clock
    const [from, to] = this.window
    if (!paused && time > to && to < this.data.duration) this.show([time, time + to - from], true)
    else if (paused && moved && (time < from || time > to)) this.show([time - (to - from) / 2, time + (to - from) / 2], true)
    this.mark()
    const now = performance.now()
    if (clock.paused || now - (this.read ?? 0) > OFTEN) this.readOff()
  }

  readOff() {
    this.read = performance.now()
    const { time, span } = this.clock
    const missing = []
    for (const lane of this.lanes) missing.push(...readLane(lane, time))
    setText(this.find("moment"), clockOf(time, 2) + (span ? `, marked ${clockOf(span[0])} to ${clockOf(span[1])}` : ""))
    setText(this.find("reasons"), [...new Set(missing)].join("; "))
    this.find("reasons").title = this.find("reasons").textContent
    setText(this.find("why"), span ? "Why this span?" : "Why here?")
  }

  // What is seen, in light colours whatever the theme, as it is meant for paper.
  savePicture({ filename, format }) {
    const open = this.lanes.filter((lane) => lane.element.dataset.look === "open")
    const theme = { ink: this.data.light.textColor, paper: this.data.light.backgroundColor, grey: this.data.grey }
    const width = this.width + GUTTER
    const height = open.reduce((sum, lane) => sum + lane.height + 22, 24)
    const pen = new SvgPen()
    let down = 0
    for (const lane of open) {
      const scale = new Scale(this.window, GUTTER, this.width, lane.height, lane.range)
      pen.enter(down, 0, width, lane.height + 22)
      drawTitle(pen, lane, theme)
      pen.enter(down + 20, 0, width, lane.height)
      drawNumbers(pen, lane, scale, theme)
      pen.enter(down + 20, GUTTER, this.width, lane.height)
      drawLane(pen, lane, scale, theme, this.film)
      down += lane.height + 22
    }
    pen.enter(down, 0, width, 24)
    drawAxis(pen, new Scale(this.window, GUTTER, this.width, 20), theme)
    save(pen.text(width, height, theme.paper), width, height, filename, format)
  }
}

function say(name, detail) {
  document.dispatchEvent(new CustomEvent(`emoviz:${name}`, { detail }))
}

export default mounted(Timeline)
