// Sends the page's one form by itself. Without script its button does the same.
document.querySelector("form[data-send]").submit();
