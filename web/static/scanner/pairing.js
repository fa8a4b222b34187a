// Enters the code of a QR code, which stands behind "#" and so was sent to nobody, and takes it out of the address.
const form = document.getElementById("code-form");
const code = decodeURIComponent(location.hash.slice(1));

if (form && code) {
  history.replaceState(null, "", location.pathname);
  form.elements.code.value = code;
  form.requestSubmit();
}
