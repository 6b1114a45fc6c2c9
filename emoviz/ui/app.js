// Streamlit's menu puts boxes between its list and the list's entries, so that they are no list to a screen reader:
// they are told as the links that they are.
function mend() {
  const menu = document.querySelector('[data-testid="stSidebarNavItems"]')
  for (const part of menu ? [menu, ...menu.querySelectorAll("li")] : []) {
    if (part.getAttribute("role") !== "presentation") part.setAttribute("role", "presentation")
  }
}

export default function () {
  mend()
  if (window.emovizMenu) return
  window.emovizMenu = new MutationObserver(mend)
  window.emovizMenu.observe(document.body, { childList: true, subtree: true })
}
