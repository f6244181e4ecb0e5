// webhook_receiver - an HTTPS receiver whose signatures are verified by npm's standardwebhooks, not by us
//
//   node webhook_receiver.js FOLDER CERTIFICATE SECRET
//
// FOLDER holds node_modules, CERTIFICATE certificate and key as PEM. Prints its port; then a JSON line a
// request: path, id, body, verified, and why where it is not. It answers as the path says: a status (/200),
// /hang (not at all, and goes after two seconds), /flood (200, and a body without an end).
"use strict";
const fs = require("fs");
const https = require("https");
const path = require("path");

const [folder, certificate, secret] = process.argv.slice(2);
const { Webhook } = require(path.join(path.resolve(folder), "node_modules", "standardwebhooks"));
const pem = fs.readFileSync(certificate);
const webhook = new Webhook(secret);

function verify(body, headers) {
    try {
        webhook.verify(body, headers);
        return { verified: true };
    } catch (e) {
        return { verified: false, why: String(e) };
    }
}

function flood(response) {
    const more = () => {
        while (!response.destroyed && response.write("x".repeat(16384)));
    };
    response.on("drain", more);
    more();
}

function answer(wanted, response) {
    if (wanted === "hang") {
        setTimeout(() => response.destroy(), 2000);
        return;
    }
    response.writeHead(wanted === "flood" ? 200 : Number(wanted), { "Retry-After": "7" });
    if (wanted === "flood")
        flood(response);
    else
        response.end();
}

const server = https.createServer({ key: pem, cert: pem }, (request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    response.on("error", () => {});
    request.on("end", () => {
        const body = Buffer.concat(parts).toString("utf8");
        const said = { path: request.url, id: request.headers["webhook-id"], body, ...verify(body, request.headers) };
        process.stdout.write(JSON.stringify(said) + "\n");
        answer(request.url.slice(1), response);
    });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
