// Loaded before the gateway, which has no option for its address and would listen everywhere:
// every server of the process listens on loopback.
'use strict';
const net = require('node:net');

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, ...rest) {
  if (typeof port === 'object' && port !== null) {
    return listen.call(this, { ...port, host: '127.0.0.1' }, ...rest);
  }
  const others = typeof rest[0] === 'string' ? rest.slice(1) : rest;
  return listen.call(this, { port, host: '127.0.0.1' }, ...others);
};
