page.js
