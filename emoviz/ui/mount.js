// Gives each place of a part on the page an object of its own, which stays when Streamlit draws the part anew.

function mounted(Kind) {
  const kept = new WeakMap()
  return (component) => {
    const root = component.parentElement
    if (!kept.has(root)) kept.set(root, new Kind(root))
    kept.get(root).update(component)
    return () => {
      kept.get(root)?.close()
      kept.delete(root)
    }
  }
}
