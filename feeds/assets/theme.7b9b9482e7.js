// Before the first paint: the light or dark that the reader chose here earlier.
try {
  const chosen = localStorage.getItem("liveblog.theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
  // No storage: the system's preference holds.
}
