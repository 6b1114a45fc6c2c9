// Streamlit's menu puts boxes between its list and the list's entries, so that they are no list to a screen reader:
// they are told as the links that they are.
function mend() {
  const menu = document.querySelector('[data-testid="stSidebarNavItems"]')
  for (const part of menu ? [menu, ...menu.querySelectorAll("li")] : []) {
    if (part.getAttribute("role") !== "presentation") part.setAttribute("role", "presentation")
  }
}

// What changes within one frame is looked at once.
let due = false
function look() {
  if (due) return
  due = true
  requestAnimationFrame(() => {
    due = false
    mend()
  })
}

// The key of the visit, by which a tab that is loaded anew goes on with its own uploads. It ends with the tab.
const VISIT = "emoviz-visit"
let told = false
function visit({ data, setTriggerValue }) {
  const before = sessionStorage.getItem(VISIT)
  const isOther = before && before !== data.visit
  if ((isOther && !told) || data.asked) setTriggerValue("before", isOther ? before : "none")
  else if (data.visit) sessionStorage.setItem(VISIT, data.visit)
  else sessionStorage.removeItem(VISIT)
  told = true
}

// Time, span and zoom in the link are of the recording that is shown: those of the one before go with it.
let shown
window.emovizShows = (recording) => {
  const before = shown
  shown = { page: window.location.pathname, recording }
  if (before?.page !== shown.page || before.recording === recording) return
  const url = new URL(window.location.href)
  for (const name of ["time", "marked", "zoom"]) url.searchParams.delete(name)
  window.history.replaceState(window.history.state, "", url)
}

export default function (component) {
  mend()
  visit(component)
  if (window.emovizMenu) return
  window.emovizMenu = new MutationObserver(look)
  window.emovizMenu.observe(document.body, { childList: true, subtree: true })
}
