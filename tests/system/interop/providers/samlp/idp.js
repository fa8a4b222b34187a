// An identity provider on the package samlp: it does all that is SAML, and this file the pages around it.
//
//     node idp.js PORT FOLDER ACS...
//
// FOLDER holds key.pem and cert.pem. The people are those of ../people.json.

const fs = require("fs");
const path = require("path");
const crypto = require("crypto");
const express = require("express");
const samlp = require("samlp");
const Participants = require("samlp/lib/sessionParticipants");

const [port, folder, ...services] = process.argv.slice(2);
const base = `http://localhost:${port}`;
const people = JSON.parse(fs.readFileSync(path.join(__dirname, "..", "people.json")));
const key = fs.readFileSync(path.join(folder, "key.pem"));
const cert = fs.readFileSync(path.join(folder, "cert.pem"));
const signedIn = new Map(); // cookie -> username
const participants = []; // who is logged in at which service, by which session index
const steps = new Map(); // of logouts under way

const inMemory = {
  save: (request, state, done) => {
    const handle = crypto.randomBytes(16).toString("hex");
    steps.set(handle, state);
    done(null, handle);
  },
  load: (request, handle, options, done) => {
    const state = steps.get(handle);
    if (typeof options === "function") return options(null, state);
    if (options.destroy) steps.delete(handle);
    return done(null, state);
  },
  update: (request, handle, state, done) => done(null, steps.set(handle, state)),
};

const page = (fault) => `<!doctype html><title>samlp</title><h1>samlp</h1><p>${fault}</p>
<form method="post"><input name="username"><input name="password" type="password"><button>Log in</button></form>`;

const claims = (user) => ({
  getClaims: () => ({
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": user.mail,
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname": user.first,
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname": user.last,
    "http://schemas.example.org/usertype": user.type,
  }),
  getNameIdentifier: () => ({ nameIdentifier: user.id }),
});

// By default samlp sends to the audience; a service says in its request where it takes messages.
function answer(request, response, next, username) {
  samlp.parseRequest(request, (error, asked) => {
    if (error) return next(error);
    const place = services.find((acs) => acs === asked.assertionConsumerServiceURL);
    if (!place) return response.status(400).send("unknown service");
    const sessionIndex = "_" + crypto.randomBytes(12).toString("hex");
    participants.push({
      serviceProviderId: asked.issuer,
      sessionIndex,
      nameId: people[username].id,
      serviceProviderLogoutURL: place.replace(/acs$/, "slo"),
      cert: null,
    });
    samlp.auth({
      issuer: `${base}/metadata`,
      cert,
      key,
      destination: place,
      recipient: place,
      inResponseTo: asked.id,
      sessionIndex,
      signResponse: process.env.SIGN_RESPONSE === "1",
      nameIdentifierFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
      authnContextClassRef: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
      profileMapper: claims,
      getUserFromRequest: () => people[username],
      getPostURL: (audience, dom, asking, done) => done(null, place),
    })(request, response, next);
  });
}

const app = express();
app.use(express.urlencoded({ extended: false }));
app.get(
  "/metadata",
  samlp.metadata({
    issuer: `${base}/metadata`,
    cert,
    redirectEndpointPath: "/sso",
    postEndpointPath: "/sso",
    logoutEndpointPaths: { redirect: "/slo" },
  }),
);
app.get("/sso", (request, response, next) => {
  const cookie = /samlp=([A-Za-z0-9]+)/.exec(request.headers.cookie || "");
  const known = cookie && signedIn.get(cookie[1]);
  return known ? answer(request, response, next, known) : response.send(page(""));
});
app.post("/sso", (request, response, next) => {
  const { username, password } = request.body;
  if (!people[username] || people[username].password !== password) return response.send(page("Not known."));
  const token = crypto.randomBytes(16).toString("hex");
  signedIn.set(token, username);
  response.cookie("samlp", token, { httpOnly: true });
  return answer(request, response, next, username);
});
// One browser at a time: its cookie goes with the first logout, and the other services are told in turn.
app.use("/slo", (request, response, next) => {
  request.body = request.body || {};
  samlp.logout({
    issuer: `${base}/metadata`,
    cert,
    key,
    deflate: true,
    protocolBinding: "urn:oasis:names:tc:SAML:2.0:bindings:" + (process.env.SLO_BINDING || "HTTP-POST"),
    sessionParticipants: new Participants(participants),
    store: inMemory,
    clearIdPSession: (done) => done(signedIn.clear()),
  })(request, response, next);
});
app.listen(Number(port), "localhost", () => console.log(`listening on ${base}`));
