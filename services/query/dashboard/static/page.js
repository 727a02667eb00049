// Small comforts; every page works without them.
(() => {
  // a menu closes by Escape, and when something else is pressed
  const close = (menu) => {
    if (!menu.open) return;
    const inside = menu.contains(document.activeElement);
    menu.open = false;
    if (inside) menu.querySelector("summary").focus();
  };
  const menus = [...document.querySelectorAll("details.menu")];
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") menus.forEach(close);
  });
  document.addEventListener("click", (event) => {
    menus.filter((menu) => !menu.contains(event.target)).forEach((menu) => (menu.open = false));
  });

  // no more figures can be chosen than are shown
  for (const form of document.querySelectorAll("form[data-most]")) {
    const boxes = [...form.querySelectorAll("input[type=checkbox]")];
    const limit = () => {
      const full = boxes.filter((box) => box.checked).length >= Number(form.dataset.most);
      boxes.forEach((box) => (box.disabled = full && !box.checked));
    };
    form.addEventListener("change", limit);
    limit();
  }
})();
