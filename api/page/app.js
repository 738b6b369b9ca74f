// The page's program.
document.documentElement.dataset.ready = "true";
