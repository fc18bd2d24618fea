// The theme: that of the system, light or dark. This file is no module, so that it
// runs before the first paint.
(() => {
  const themes = ['auto', 'light', 'dark'];
  const read = () => {
    try {
      return localStorage.getItem('overseer-theme');
    } catch {
      return null; // storage may be forbidden
    }
  };
  const set = (theme) => {
    document.documentElement.dataset.theme = themes.includes(theme) ? theme : 'auto';
  };
  set(read());

  addEventListener('DOMContentLoaded', () => {
    const button = document.getElementById('theme');
    const tell = () => {
      button.textContent = 'Theme: ' + document.documentElement.dataset.theme;
    };
    button.addEventListener('click', () => {
      const now = themes.indexOf(document.documentElement.dataset.theme);
      set(themes[(now + 1) % themes.length]);
      tell();
      try {
        localStorage.setItem('overseer-theme', document.documentElement.dataset.theme);
      } catch {
        // it holds until the page is left
      }
    });
    tell();
  });
})();
