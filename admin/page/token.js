// The token: taken from the address once (#token=…), then kept in this tab only.

const key = 'overseer-token';
let token = '';

export function current() {
  return token;
}

export function set(value) {
  token = value;
  try {
    if (value) sessionStorage.setItem(key, value);
    else sessionStorage.removeItem(key);
  } catch {
    // where storage is forbidden, it holds until the page is left
  }
}

// take reads the token. It leaves the address at once, so that it stays out of the
// history, of bookmarks and of what is copied from the address bar.
export function take() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) {
    history.replaceState(history.state, '', location.pathname + location.search);
    set(given);
    return;
  }
  try {
    token = sessionStorage.getItem(key) ?? '';
  } catch {
    token = '';
  }
}
