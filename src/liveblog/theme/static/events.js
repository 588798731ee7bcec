// A stream of Server-Sent Events that fails once, and stays closed.

/** Open a stream; call a handler with each event of its kind, and *onFailure* when it breaks off.
 *
 * Return a function that closes the stream. A stream that failed is closed, and opened again only by
 * the caller.
 */
export function openStream(address, handlers, onFailure) {
  const source = new EventSource(address);
  let isClosed = false;
  const close = () => {
    isClosed = true;
    source.close();
  };
  // WebKit opens a stream again that was closed when its page was left.
  const unlessClosed = (act) => (event) => (isClosed ? source.close() : act(event));
  for (const [kind, handle] of Object.entries(handlers)) {
    source.addEventListener(kind, unlessClosed(handle));
  }
  source.addEventListener("error", unlessClosed(() => (close(), onFailure())));
  return close;
}
