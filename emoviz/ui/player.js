// One clock: the media element's. Overlay, figures and URL follow it; clicks and drags on figures set it.
// The timeline hears of it by "emoviz:clock" on the document, and sets it by "emoviz:seek", "emoviz:span" and "emoviz:key".

const PLAY = "M3 1.5v13l11-6.5z"
const PAUSE = "M3 1.5h3.5v13H3zM9.5 1.5H13v13H9.5z"
const DRAG = 5 // pixels from which a press on a figure is a drag
const REST = 250 // milliseconds between two drawings while nothing moves: figures come and go without a word
const MISSING = 0xffff

class Player {
  constructor(root) {
    this.element = root.querySelector("#player")
    this.find = (name) => root.querySelector("#" + name)
    this.clip = this.find("clip")
    this.canvas = this.find("overlay")
    this.span = null // the marked span [start, end] in seconds
    this.looping = false // whether the span is repeated
    this.boxes = this.mesh = this.heat = null
    this.listeners = new AbortController()
    this.listen()
    this.tick = () => {
      this.draw()
      if (this.clip.paused) this.resting = setTimeout(() => this.wake(), REST)
      else this.wake()
    }
    this.tick()
  }

  // Draw with the next frame of the screen: each frame while the clip plays, and whenever something moved.
  wake() {
    clearTimeout(this.resting)
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame(this.tick)
  }

  update({ data, setTriggerValue }) {
    this.tell = setTriggerValue
    const moved = !this.data || this.data.url !== data.url
    this.data = data
    if (moved && this.clip.getAttribute("src") !== data.url) {
      window.emovizShows?.(data.recording)
      const { time, span } = this.kept()
      this.clip.src = data.url
      this.clip.currentTime = time
      this.setSpan(span)
    }
    this.find("stage").classList.toggle("audio", data.audioOnly)
    if (data.size) this.clip.style.aspectRatio = `${data.size[0]} / ${data.size[1]}`
    for (const chip of ["box", "mesh"]) this.find(chip).hidden = !data.faces
    this.find("heat").hidden = !data.heat
    this.showState()
    this.showFit()
    if (data.faces) this.fetchBoxes(data.faces)
    if (data.heat) this.fetchHeat(data.heat)
    else this.heat = null
    this.wake()
  }

  close() {
    this.keep()
    clearTimeout(this.writing)
    clearTimeout(this.resting)
    cancelAnimationFrame(this.frame)
    this.listeners.abort()
    document.querySelectorAll(".emoviz-cursor").forEach((element) => element.remove())
  }

  // ---- what sets the clock

  listen() {
    const on = (target, events, action, options = {}) =>
      events.split(" ").forEach((event) =>
        target.addEventListener(event, action, { ...options, signal: this.listeners.signal }))
    on(this.find("play"), "click", () => this.toggle())
    on(this.clip, "click", () => this.toggle())
    on(this.find("seek"), "input", (event) => this.seek(Number(event.target.value)))
    for (const chip of ["box", "mesh", "heat"]) on(this.find(chip), "click", (event) => this.press(event.currentTarget))
    on(this.find("loop"), "click", () => this.setLooping(!this.looping))
    on(this.find("fit"), "click", () => this.tell("span", this.span.map((time) => time.toFixed(2)).join("-")))
    on(this.clip, "play pause", () => this.showState())
    on(this.clip, "play seeking seeked loadedmetadata", () => this.wake())
    on(this.clip, "loadedmetadata", () => this.span?.[1] > this.duration + 0.1 && this.setSpan(null))
    on(window, "resize", () => this.wake())
    on(this.clip, "pause seeked", () => this.writeTime())
    on(this.clip, "ended", () => this.looping && this.restart())
    on(this.element, "keydown", (event) => this.key(event))
    // A click on a figure moves the focus to what scrolls the page.
    on(document, "keydown", (event) => event.target.matches("body, main") && this.key(event))
    on(document, "pointerdown", (event) => this.pressFigure(event), { capture: true })
    on(document, "emoviz:seek", ({ detail }) => this.seekTo(detail))
    on(document, "emoviz:span", ({ detail }) => this.setSpan(detail))
    on(document, "emoviz:key", ({ detail }) => this.key(detail))
    on(document, "emoviz:ask", () => this.tellClock(true))
  }

  get duration() {
    return Number.isFinite(this.clip.duration) ? this.clip.duration : 0
  }

  toggle() {
    if (this.clip.paused) this.clip.play()
    else this.clip.pause()
  }

  restart() {
    this.clip.currentTime = this.span[0]
    this.clip.play()
  }

  // A click on a figure also lets go of a span that it is not in.
  seekTo(time) {
    if (this.span && (time < this.span[0] || time > this.span[1])) this.setSpan(null)
    this.seek(time)
  }

  seek(time) {
    this.clip.currentTime = Math.min(Math.max(time, 0), this.duration)
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const inner = event.composedPath()[0]
    if (event.key === " " && inner.tagName !== "BUTTON") this.toggle()
    else if (event.key === "ArrowLeft") this.seek(this.clip.currentTime - (event.shiftKey ? 5 : 1))
    else if (event.key === "ArrowRight") this.seek(this.clip.currentTime + (event.shiftKey ? 5 : 1))
    else if (event.key === "Escape") this.setSpan(null)
    else if (event.key === "l" || event.key === "L") this.setLooping(!this.looping)
    else return
    event.preventDefault()
  }

  pressFigure(press) {
    const plot = this.timeFigures().find((figure) => figure.contains(press.target))
    if (!plot || press.button !== 0) return
    const area = plotArea(plot)
    const bounds = plot.getBoundingClientRect()
    const inside = press.clientX - bounds.left >= area.left && press.clientX - bounds.left <= area.left + area.width
      && press.clientY - bounds.top >= area.top && press.clientY - bounds.top <= area.top + area.height
    if (!inside) return
    const timeAt = (event) => area.axis.p2d(Math.min(Math.max(event.clientX - bounds.left - area.left, 0), area.width))
    const start = timeAt(press)
    const release = new AbortController()
    const dragged = (event) => Math.abs(event.clientX - press.clientX) > DRAG
    const spanTo = (event) => [Math.min(start, timeAt(event)), Math.max(start, timeAt(event))]
    document.addEventListener("pointermove", (event) => dragged(event) && this.setSpan(spanTo(event)),
      { signal: release.signal })
    document.addEventListener("pointerup", (event) => {
      release.abort()
      if (dragged(event)) this.setSpan(spanTo(event))
      else this.seekTo(start)
    }, { signal: release.signal })
  }

  setSpan(span) {
    this.span = span
    this.looping &&= span !== null
    this.showSpan()
  }

  setLooping(looping) {
    this.looping = looping
    this.span ??= [0, this.duration]
    if (looping) this.restart()
    else if (this.span[0] === 0 && this.span[1] === this.duration) this.span = null
    this.showSpan()
  }

  showSpan() {
    this.showFit()
    this.find("loop").setAttribute("aria-pressed", String(this.looping))
    this.writeTime()
    this.wake()
  }

  showFit() {
    this.find("fit").hidden = !this.data?.takesSpan || !this.span
  }

  press(chip) {
    const pressed = chip.getAttribute("aria-pressed") !== "true"
    chip.setAttribute("aria-pressed", String(pressed))
    if (chip.id === "mesh" && pressed) this.fetchMesh(this.data.faces)
    this.wake()
  }

  // ---- what follows the clock

  draw() {
    if (!this.data) return
    const time = this.clip.currentTime
    if (this.looping && !this.clip.paused && (time >= this.span[1] || time < this.span[0] - 0.1)) this.restart()
    this.tellClock()
    this.find("seek").max = this.duration
    this.find("seek").value = time
    const clock = `${stamp(time)} / ${stamp(this.duration)}`
    if (this.find("clock").textContent !== clock) this.find("clock").textContent = clock
    for (const figure of this.timeFigures()) this.drawCursor(figure, time)
    this.drawPathPoint(time)
    this.drawFaces(time)
  }

  tellClock(asked) {
    const detail = { time: this.clip.currentTime, duration: this.duration, paused: this.clip.paused, span: this.span,
      looping: this.looping, recording: this.data?.recording }
    const told = JSON.stringify(detail)
    if (!asked && told === this.told) return
    this.told = told
    document.dispatchEvent(new CustomEvent("emoviz:clock", { detail }))
  }

  timeFigures() {
    return (this.data?.figures ?? []).map(plotOf).filter((plot) => plot?._fullLayout?.xaxis)
  }

  drawCursor(plot, time) {
    const area = plotArea(plot)
    const place = (name, from, width, style) => {
      const mark = child(plot, name, style)
      mark.style.left = `${area.left + from}px`
      mark.style.width = `${width}px`
      mark.style.top = `${area.top}px`
      mark.style.height = `${area.height}px`
      mark.hidden = from < -1 || from > area.width + 1
    }
    const accent = getComputedStyle(this.element).getPropertyValue("--st-primary-color")
    place("emoviz-now", area.axis.d2p(time) - 1, 2, `background:${accent}`)
    if (this.span) {
      const [from, to] = this.span.map((t) => area.axis.d2p(Math.min(t, area.axis.range[1])))
      place("emoviz-loop", from, to - from, `background:${accent};opacity:.14`)
    } else plot.querySelector(".emoviz-loop")?.remove()
  }

  drawPathPoint(time) {
    const plot = plotOf(this.data.path)
    const path = plot?._fullData?.find((trace) => trace.customdata?.length)
    if (!path) return
    const row = lastBefore(path.customdata, time)
    const { xaxis, yaxis } = plot._fullLayout
    const mark = child(plot, "emoviz-here",
      "width:13px;height:13px;margin:-7px;border-radius:50%;border:2px solid #fff;background:#d55e00;box-shadow:0 0 0 1px #0008")
    mark.hidden = !Number.isFinite(path.x[row]) || !Number.isFinite(path.y[row])
    mark.style.left = `${xaxis._offset + xaxis.d2p(path.x[row])}px`
    mark.style.top = `${yaxis._offset + yaxis.d2p(path.y[row])}px`
  }

  drawFaces(time) {
    const { width, height } = this.canvas.getBoundingClientRect()
    const ratio = window.devicePixelRatio || 1
    const faces = this.data.faces
    const shown = ["box", "mesh", "heat"].map((chip) => this.find(chip).getAttribute("aria-pressed")).join()
    const row = faces && this.boxes ? lastBefore(this.boxes.times, time) : -1
    const picture = [width, height, ratio, row, shown, this.boxes?.url, this.mesh?.url, this.heat?.url].join()
    if (picture === this.picture) return
    this.picture = picture
    this.canvas.width = Math.round(width * ratio)
    this.canvas.height = Math.round(height * ratio)
    if (row < 0) return
    const pen = this.canvas.getContext("2d")
    const scale = Math.min(width / faces.size[0], height / faces.size[1])
    pen.setTransform(ratio * scale, 0, 0, ratio * scale,
      (ratio * (width - scale * faces.size[0])) / 2, (ratio * (height - scale * faces.size[1])) / 2)
    if (this.find("heat").getAttribute("aria-pressed") === "true" && this.heat) this.drawHeat(pen, this.boxes.times[row])
    if (this.find("mesh").getAttribute("aria-pressed") === "true" && this.mesh) this.drawMesh(pen, row, scale)
    if (this.find("box").getAttribute("aria-pressed") === "true") this.drawBoxes(pen, row, scale)
  }

  drawBoxes(pen, row, scale) {
    const { frames, tracks, chosen } = this.data.faces
    tracks.forEach((track, place) => {
      const at = frames + (place * frames + row) * 4
      const [x, y, w, h] = this.boxes.values.subarray(at, at + 4)
      if (!Number.isFinite(x)) return
      const analysed = track === chosen
      for (const [colour, width] of [["#000a", 4], [analysed ? "#ffb000" : "#fff", analysed ? 2 : 1]]) {
        pen.strokeStyle = colour
        pen.lineWidth = width / scale
        pen.strokeRect(x, y, w, h)
      }
      if (tracks.length < 2) return
      pen.font = `600 ${12 / scale}px system-ui, sans-serif`
      pen.fillStyle = analysed ? "#ffb000" : "#fff"
      pen.fillText(`face ${track}`, x, y - 5 / scale)
    })
  }

  drawMesh(pen, row, scale) {
    const { edges, size } = this.data.faces
    const start = row * 478 * 2
    const points = this.mesh.values.subarray(start, start + 478 * 2)
    if (points[0] === MISSING) return
    const x = (i) => (points[2 * i] / (MISSING - 1)) * size[0]
    const y = (i) => (points[2 * i + 1] / (MISSING - 1)) * size[1]
    pen.beginPath()
    for (let i = 0; i < edges.length; i += 2) {
      pen.moveTo(x(edges[i]), y(edges[i]))
      pen.lineTo(x(edges[i + 1]), y(edges[i + 1]))
    }
    pen.strokeStyle = "#7fe0ffb0"
    pen.lineWidth = 0.6 / scale
    pen.stroke()
  }

  // Each place of the heat is a pixel; the browser blends between them.
  drawHeat(pen, time) {
    const { times, corners, pixels, side, hold } = this.heat
    const row = lastBefore(times, time)
    if (time < times[row] - 1e-3 || time >= times[row] + hold - 1e-3) return
    const small = new OffscreenCanvas(side, side)
    small.getContext("2d").putImageData(new ImageData(pixels.subarray(row * side * side * 4, (row + 1) * side * side * 4), side), 0, 0)
    const [x, y, rightX, rightY, downX, downY] = corners.subarray(row * 6, row * 6 + 6)
    pen.save()
    pen.transform((rightX - x) / side, (rightY - y) / side, (downX - x) / side, (downY - y) / side, x, y)
    pen.imageSmoothingQuality = "high"
    pen.drawImage(small, 0, 0)
    pen.restore()
  }

  showState() {
    const paused = this.clip.paused
    this.find("play").querySelector("path").setAttribute("d", paused ? PLAY : PAUSE)
    this.find("play").setAttribute("aria-label", paused ? "Play" : "Pause")
  }

  // The link to this very moment; at most twice a second, since a drag of the slider seeks often.
  writeTime() {
    clearTimeout(this.writing)
    this.writing = setTimeout(() => {
      this.keep()
      const url = new URL(window.location.href)
      url.searchParams.set("time", this.clip.currentTime.toFixed(2))
      if (this.span) url.searchParams.set("marked", this.span.map((time) => time.toFixed(2)).join("-"))
      else url.searchParams.delete("marked")
      window.history.replaceState(window.history.state, "", url)
    }, 500)
  }

  // Time and span of this recording, for the other pages of this tab; the link comes first.
  keep() {
    if (!this.data?.recording || !this.duration) return
    sessionStorage.setItem(`emoviz-clock ${this.data.recording}`,
      JSON.stringify({ time: this.clip.currentTime, span: this.span }))
  }

  kept() {
    const known = JSON.parse(sessionStorage.getItem(`emoviz-clock ${this.data.recording}`) ?? "{}")
    const linked = Number(new URL(window.location.href).searchParams.get("time"))
    return { time: linked > 0 ? linked : known.time ?? 0, span: spanIn("marked") ?? known.span ?? null }
  }

  // ---- what has to be fetched

  async fetchBoxes(faces) {
    if (this.boxes?.url !== faces.boxes) {
      const values = new Float32Array(await bytes(faces.boxes))
      this.boxes = { url: faces.boxes, values, times: values.subarray(0, faces.frames) }
    }
    if (this.find("mesh").getAttribute("aria-pressed") === "true") this.fetchMesh(faces)
  }

  async fetchHeat({ url, frames, side, hold }) {
    if (this.heat?.url === url) return
    const content = await bytes(url)
    const values = new Float32Array(content, 0, frames * 7)
    this.heat = { url, side, hold, times: values.subarray(0, frames), corners: values.subarray(frames),
      pixels: new Uint8ClampedArray(content, frames * 28) }
  }

  async fetchMesh(faces) {
    if (!faces.mesh || this.mesh?.url === faces.mesh) return
    this.mesh = { url: faces.mesh, values: new Uint16Array(await bytes(faces.mesh)) }
  }
}

// A span that the link names as two seconds; null where it names none.
function spanIn(parameter) {
  const text = new URL(window.location.href).searchParams.get(parameter) ?? ""
  const found = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text)?.slice(1).map(Number)
  return found && found[0] < found[1] ? found : null
}

async function bytes(url) {
  return (await fetch(url)).arrayBuffer()
}

function plotOf(key) {
  return document.querySelector(`.st-key-${key} .js-plotly-plot`)
}

function plotArea(plot) {
  const { xaxis, _size } = plot._fullLayout
  return { axis: xaxis, left: xaxis._offset, width: xaxis._length, top: _size.t, height: _size.h }
}

// A mark over a figure; plotly may have thrown it away with an earlier drawing.
function child(plot, name, style) {
  let mark = plot.querySelector("." + name)
  if (!mark) {
    mark = document.createElement("div")
    mark.className = `emoviz-cursor ${name}`
    mark.style.cssText = `position:absolute;pointer-events:none;z-index:5;${style}`
    plot.append(mark)
  }
  return mark
}

// Row of the last time that is not after the given one.
function lastBefore(times, time) {
  let low = 0
  let high = times.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (times[middle] <= time + 1e-3) low = middle
    else high = middle - 1
  }
  return low
}

function stamp(seconds) {
  const tenths = Math.floor(seconds * 10 + 1e-6)
  const minutes = String(Math.floor(tenths / 600)).padStart(2, "0")
  return `${minutes}:${String(Math.floor((tenths % 600) / 10)).padStart(2, "0")}.${tenths % 10}`
}

export default mounted(Player)
